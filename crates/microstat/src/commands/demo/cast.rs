//! The people of the demo, their organisations and projects, and what they did in them.

use domain::dsn::PublicKey;
use domain::email::EmailAddress;
use domain::id::{DsnId, EventId, OrganisationId, ProjectId, UserId};
use domain::name::Name;
use domain::role::Role;
use domain::time::{HOUR, Micros};
use store::Tx;
use store::audit_events::{Action, Actor, NewEvent};
use store::memberships::How;
use store::users::NewUser;

use super::rhythm::Year;
use crate::state::App;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Who signs in.
pub(super) const EMAIL: &str = "robin@example.com";

/// Name, address, role in the shop's organisation, and how many days ago they joined; whoever made it comes first.
const SHOP: [(&str, &str, Role, i64); 5] = [
    ("Robin Berger", EMAIL, Role::Administrator, 366),
    ("Mira Okafor", "mira@example.com", Role::Administrator, 340),
    ("Jonas Lindqvist", "jonas@example.com", Role::Member, 211),
    ("Salma Haddad", "salma@example.com", Role::Member, 96),
    ("Kenji Tanaka", "kenji@example.com", Role::Viewer, 40),
];
/// Places in [`SHOP`] of those who are in the choir's organisation, with their role there.
const CHOIR: [(usize, Role, i64); 3] = [
    (1, Role::Administrator, 62),
    (0, Role::Member, 58),
    (4, Role::Viewer, 30),
];

/// Makes everybody and everything but the metrics; gives whoever signs in.
pub(super) async fn create(
    tx: &mut Tx,
    app: &App,
    year: Year,
    [mine, others]: [&str; 2],
    [shop, box_office]: [ProjectId; 2],
) -> Result<UserId> {
    let mut people = Vec::with_capacity(SHOP.len());
    for (place, (name, email, _, joined)) in SHOP.into_iter().enumerate() {
        let person = person(
            tx,
            app,
            name,
            email,
            if place == 0 { mine } else { others },
            morning(year, joined),
        )
        .await?;
        people.push(person);
    }
    let paper = organisation(tx, app, "Paper & Thread", morning(year, SHOP[0].3)).await?;
    for (id, (.., role, joined)) in people.iter().zip(SHOP) {
        join(tx, app, paper, *id, role, morning(year, joined)).await?;
    }
    let choir = organisation(tx, app, "Riverside Choir", morning(year, CHOIR[0].2)).await?;
    for (place, role, joined) in CHOIR {
        join(tx, app, choir, people[place], role, morning(year, joined)).await?;
    }
    project(tx, app, paper, shop, "Web Shop", morning(year, SHOP[0].3)).await?;
    let wholesale = ProjectId::from_random(app.random.bits());
    project(tx, app, paper, wholesale, "Wholesale", morning(year, 3)).await?;
    project(tx, app, choir, box_office, "Box Office", morning(year, CHOIR[0].2)).await?;
    Ok(people[0])
}

/// Half past eight or so, so many days ago.
fn morning(year: Year, days_ago: i64) -> Micros {
    year.day(days_ago) + 8 * HOUR + days_ago % 7 * HOUR / 6
}

async fn person(tx: &mut Tx, app: &App, name: &str, email: &str, hash: &str, at: Micros) -> Result<UserId> {
    let id = UserId::from_random(app.random.bits());
    let (name, email) = (Name::new(name)?, EmailAddress::new(email)?);
    let new = NewUser {
        id,
        name: &name,
        email: &email,
        email_verified_at: Some(at),
        password_hash: hash,
    };
    if store::users::create(tx, new, at).await? {
        Ok(id)
    } else {
        Err(format!("{email} has an account already").into())
    }
}

async fn organisation(tx: &mut Tx, app: &App, name: &str, at: Micros) -> Result<OrganisationId> {
    let id = OrganisationId::from_random(app.random.bits());
    store::organisations::create(tx, id, &Name::new(name)?, at).await?;
    Ok(id)
}

async fn join(
    tx: &mut Tx,
    app: &App,
    organisation: OrganisationId,
    user: UserId,
    role: Role,
    at: Micros,
) -> Result<()> {
    store::memberships::add(tx, organisation, user, role, How::Founded, at).await?;
    let person = store::users::find(&mut *tx, user).await?.ok_or("nobody")?;
    let name = format!("{} <{}>", person.name, person.email);
    let event = NewEvent {
        id: EventId::from_random(app.random.bits()),
        organisation,
        actor: &Actor {
            user: Some(user),
            name: name.clone(),
            address: "192.0.2.24".to_owned(),
        },
        action: Action::MemberJoined,
        subject: &name,
        detail: role.name(),
    };
    store::audit_events::record(tx, event, at).await?;
    Ok(())
}

async fn project(
    tx: &mut Tx,
    app: &App,
    organisation: OrganisationId,
    id: ProjectId,
    name: &str,
    at: Micros,
) -> Result<()> {
    store::projects::create(tx, id, organisation, &Name::new(name)?, at).await?;
    let key = PublicKey::from_random(app.random.bytes());
    let label = Name::new("First DSN")?;
    store::dsns::create(tx, DsnId::from_random(app.random.bits()), id, key, &label, at).await?;
    Ok(())
}
