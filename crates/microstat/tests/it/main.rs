//! The program through its real router, on a temporary database, with a fixed clock and captured mail.

mod commands;
mod harness;
<<<<<<< HEAD
mod organisations;
mod projects;
=======
mod mail;
mod mailing;
>>>>>>> 8f5d2a8 (Mails: written when sent, by SMTP or into files, tried again for a day)
mod routes;
mod signing;
