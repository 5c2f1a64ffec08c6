//! What each mail says. Looked up at the moment of sending: a mail that nobody needs any more is not written.

use domain::email::EmailAddress;
use domain::id::UserId;
use domain::name::unlinked;
use domain::role::Role;
use store::acceptances::Key;
use store::mailed_links::Purpose as Link;
use store::users::User;

use super::letter::Letter;
use super::mail::{Mail, Nonce};
use crate::error::AppError;
use crate::secrets::Purpose;
use crate::state::App;

/// The letter that a mail is; `None` if it is no longer due.
///
/// # Errors
/// If the database refuses.
pub(crate) async fn write(app: &App, mail: &Mail) -> Result<Option<Letter>, AppError> {
    match mail {
        Mail::Verification { user, nonce } => verification(app, *user, nonce).await,
        Mail::PasswordReset { user, nonce } => password_reset(app, *user, nonce).await,
        Mail::Invitation { nonce } => invitation(app, nonce).await,
        Mail::Joined {
            to,
            organisation,
            person,
            role,
            code,
        } => {
            let (person, organisation) = (unlinked(person), unlinked(organisation));
            let subject = format!("{person} joined {organisation}");
            let how = match code {
                Some(last_four) => format!("used your invitation code …-{last_four}"),
                None => "accepted your invitation".to_owned(),
            };
            let text = format!("{person} {how} and is now a member of {organisation}, as {role}.");
            tell(app, *to, subject, text).await
        }
        Mail::RoleChanged {
            to,
            organisation,
            role,
            by,
        } => {
            let (organisation, by) = (unlinked(organisation), unlinked(by));
            let subject = format!("You are now {role} in {organisation}");
            let may = match role {
                Role::Administrator => "You can invite and remove people, and create, change and delete projects.",
                Role::Member => "You can open every project, and delete metrics.",
                Role::Viewer => "You can open every project, and change nothing.",
            };
            let text = format!("{by} changed your role in {organisation}: you are now {role}. {may}");
            tell(app, *to, subject, text).await
        }
        Mail::Removed { to, organisation, by } => {
            let (organisation, by) = (unlinked(organisation), unlinked(by));
            let subject = format!("You are no longer a member of {organisation}");
            let text = format!(
                "{by} removed you from {organisation}. You can't open its projects any more, and what your apps \
                 published stays there. To come back, you need a new invitation by mail."
            );
            tell(app, *to, subject, text).await
        }
        Mail::EmailChanged { to, old, new } => {
            let text =
                format!("Your micro stat account has another e-mail address now: {new}. This one is no longer used.");
            let letter = tell(app, *to, "Your e-mail address was changed".to_owned(), text).await?;
            let letter = letter.map(|letter| Letter {
                email: EmailAddress::from_stored(old.clone()),
                ..letter
            });
            Ok(
                letter
                    .map(|letter| letter.note("If it wasn't you, ask whoever runs micro stat here for help at once.")),
            )
        }
        Mail::PasswordChanged { to } => {
            let text = "The password of your micro stat account was changed, and every other device was signed out.";
            let letter = tell(app, *to, "Your password was changed".to_owned(), text.to_owned()).await?;
            Ok(letter.map(|letter| not_you(app, letter)))
        }
        Mail::NewDevice { to, device, address } => {
            let device = unlinked(device);
            let text = format!("Somebody signed in to your micro stat account from a new device: {device}, {address}.");
            let letter = tell(app, *to, "New sign-in to your account".to_owned(), text).await?;
            Ok(letter.map(|letter| not_you(app, letter)))
        }
    }
}

async fn verification(app: &App, user: UserId, nonce: &Nonce) -> Result<Option<Letter>, AppError> {
    let token = app.keys.mailed_token(Purpose::VerificationMail, nonce);
    let Some(link) = store::mailed_links::find(&app.db, token.hash(), Link::VerifyEmail, app.now()).await? else {
        return Ok(None);
    };
    let Some(user) = store::users::find(&app.db, user).await? else {
        return Ok(None);
    };
    let path = format!("/email-verifications/{}", token.reveal());
    let letter = Letter {
        email: link.email.clone(),
        ..Letter::to(&user, "Verify your e-mail address")
    };
    let name = unlinked(user.name.as_str());
    let asked = if link.email == user.email {
        format!("{name} signed up for micro stat with this address.")
    } else {
        format!(
            "{name}, whose address is {} until now, wants to use this one for micro stat.",
            user.email
        )
    };
    let letter = letter
        .say(format!("{asked} If that is you, verify that the address is yours."))
        .button("Verify this address", app.config.link(&path))
        .note("The link works once, for 7 days.")
        .note("If it isn't you, ignore this mail: or somebody else would have an account with your address.");
    Ok(Some(letter))
}

/// Of links that were replaced or are over, no mail is written.
async fn invitation(app: &App, nonce: &Nonce) -> Result<Option<Letter>, AppError> {
    let token = app.keys.mailed_token(Purpose::InvitationMail, nonce);
    let Some(offer) = store::acceptances::find(&app.db, Key::Link(token.hash()), app.now()).await? else {
        return Ok(None);
    };
    let (person, organisation) = (unlinked(&offer.invited_by_name), unlinked(&offer.organisation_name));
    let (role, email, until) = (offer.role, offer.email, offer.expires_at.day_and_clock());
    let subject = format!("{person} invites you to {organisation}");
    let letter = Letter::to_address(email.clone(), subject)
        .say(format!(
            "{person} invites you to join {organisation} on micro stat, as {role}. There a team measures what happens \
             in its apps, and sees it at once."
        ))
        .button(
            "See the invitation",
            app.config.link(&format!("/invitations/{}", token.reveal())),
        )
        .note(format!("It is for {email}, holds until {until}, and works once."))
        .note("If you didn't expect this, ignore this mail: nothing happens then.");
    Ok(Some(letter))
}

async fn password_reset(app: &App, user: UserId, nonce: &Nonce) -> Result<Option<Letter>, AppError> {
    let token = app.keys.mailed_token(Purpose::ResetMail, nonce);
    let Some(link) = store::mailed_links::find(&app.db, token.hash(), Link::ResetPassword, app.now()).await? else {
        return Ok(None);
    };
    let Some(user) = store::users::find(&app.db, user).await? else {
        return Ok(None);
    };
    let path = format!("/password-resets/{}", token.reveal());
    let letter = Letter {
        email: link.email,
        ..Letter::to(&user, "Reset your password")
    };
    let letter = letter
        .say("Somebody, probably you, asked to reset the password of your micro stat account.")
        .button("Choose a new password", app.config.link(&path))
        .note("The link works once, for 60 minutes; a newer one replaces it.")
        .note("If you didn't ask for this, ignore this mail: your password stays as it is.");
    Ok(Some(letter))
}

/// A letter that only tells something; `None` if the person's account is gone.
async fn tell(app: &App, to: UserId, subject: String, text: String) -> Result<Option<Letter>, AppError> {
    let user: Option<User> = store::users::find(&app.db, to).await?;
    Ok(user.map(|user| Letter::to(&user, subject).say(text)))
}

fn not_you(app: &App, letter: Letter) -> Letter {
    letter
        .say("If it was you, there is nothing to do. If it wasn't, choose a new password at once: that ends every session.")
        .button("Reset my password", app.config.link("/forgot-password"))
}
