//! People who go: what they lose, and which DSNs they take with them in their heads.

use domain::id::{OrganisationId, UserId};
use domain::time::Micros;

use crate::audit_events::Action;
use crate::db::{Row, sql};
use crate::{Db, On, Result, Tx};

/// What hangs on a membership and goes with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Belongings {
    /// Names of API tokens that are for this organisation alone.
    pub tokens: Vec<String>,
    /// Metrics marked as favourites.
    pub favourites: i64,
    /// Addresses of pending invitations the person sent.
    pub invitations: Vec<String>,
    /// Invitation codes the person made that still work.
    pub codes: i64,
    /// Public links the person made that still work.
    pub shares: i64,
    /// Boards that nobody else sees.
    pub boards: i64,
}

/// What this person would lose with this organisation, beside its projects.
///
/// # Errors
/// If the database refuses.
pub async fn belongings(db: &Db, organisation: OrganisationId, user: UserId, now: Micros) -> Result<Belongings> {
    let of = |text| sql(text).bind(organisation).bind(user);
    let tokens =
        of("select name as text from api_tokens where organisation_id = $1 and user_id = $2 order by created_at")
            .all(db)
            .await?;
    let favourites = of(
        "select count(*) as n from favourites f join metrics m on m.id = f.metric_id \
         join projects p on p.id = m.project_id where p.organisation_id = $1 and f.user_id = $2 \
         and m.deleted_at is null",
    )
    .one(db)
    .await?;
    let invitations = of("select email as text from invitations where organisation_id = $1 and invited_by = $2 \
         and accepted_at is null and declined_at is null and revoked_at is null and expires_at > $3 order by created_at")
    .bind(now)
    .all(db)
    .await?;
    let codes = of(
        "select count(*) as n from invitation_codes where organisation_id = $1 and created_by = $2 \
         and turned_off_at is null and expires_at > $3 and uses < max_uses",
    )
    .bind(now)
    .one(db)
    .await?;
    let shares = of(
        "select count(*) as n from shares where organisation_id = $1 and created_by = $2 \
         and revoked_at is null and (expires_at is null or expires_at > $3)",
    )
    .bind(now)
    .one(db)
    .await?;
    let boards = of(
        "select count(*) as n from boards where organisation_id = $1 and made_by = $2 and is_shared = 0 \
         and deleted_at is null",
    )
    .one(db)
    .await?;
    Ok(Belongings {
        tokens: texts(&tokens)?,
        favourites: favourites.get("n")?,
        invitations: texts(&invitations)?,
        codes: codes.get("n")?,
        shares: shares.get("n")?,
        boards: boards.get("n")?,
    })
}

fn texts(rows: &[Row]) -> Result<Vec<String>> {
    rows.iter().map(|row| row.get("text")).collect()
}

/// Somebody who left or was removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Departure {
    /// Their name and address, as the audit log has them.
    pub person: String,
    /// When.
    pub at: Micros,
    /// Whether an Administrator removed them.
    pub removed: bool,
}

/// Who left or was removed after `since` and after the last [`settle`], the last first.
///
/// # Errors
/// If the database refuses.
pub async fn unsettled(on: impl Into<On<'_>>, organisation: OrganisationId, since: Micros) -> Result<Vec<Departure>> {
    let rows = sql(
        "select e.subject, e.at, e.action from audit_events e join organisations o on o.id = e.organisation_id \
         where e.organisation_id = $1 and e.at > $2 and e.at > o.departures_settled_at \
         and e.action in ($3, $4) order by e.at desc, e.id desc",
    )
    .bind(organisation)
    .bind(since)
    .bind(Action::MemberLeft.word())
    .bind(Action::MemberRemoved.word())
    .all(on)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Departure {
                person: row.get("subject")?,
                at: row.get("at")?,
                removed: row.get::<String>("action")? == Action::MemberRemoved.word(),
            })
        })
        .collect()
}

/// An Administrator decided about the DSNs that those who left until now had seen.
///
/// # Errors
/// If the database refuses.
pub async fn settle(tx: &mut Tx, organisation: OrganisationId, now: Micros) -> Result<()> {
    sql("update organisations set departures_settled_at = $2 where id = $1")
        .bind(organisation)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(())
}
