//! `demo`: fills an empty installation with a year of a small shop, so that there is something to look at.

mod board;
mod cast;
mod dice;
mod rhythm;
mod shop;
mod words;

use data_encoding::BASE32_NOPAD;
use domain::id::{MetricId, ProjectId};
use domain::metric::{MetricName, MetricType};
use domain::password::Password;
use domain::retention::Retention;
use domain::time::Micros;
use domain::value::Value;
use points::{Batch, DataPoint};
use store::Tx;

use self::cast::Stage;
use self::rhythm::Year;
use self::shop::Story;
use super::{Outcome, print};
use crate::auth::password;
use crate::state::App;

/// What falls by chance falls the same way in every demo.
const SEED: u64 = 20_260;
/// Data points written at once.
const BATCH: usize = 25_000;
/// Long enough for the whole year, and for the next months of looking at it.
const RETENTION: Retention = Retention {
    data_points: 730,
    minutes: Some(730),
    hours: Some(730),
    days: None,
};

/// What whoever signs in looks at first.
const FAVOURITES: [&str; 3] = ["Order", "Checkout Time", "Search Words"];

/// A metric whose data points are written.
struct Told {
    id: MetricId,
    name: &'static str,
    kind: MetricType,
    first_seen: Micros,
}

/// Fills the installation and prints how to sign in.
///
/// The data points come first: until the accounts are made, in one transaction, they belong to nobody, and a demo that
/// was interrupted can be started again.
///
/// # Errors
/// If there are accounts already, or something can't be written. No account is made then.
pub async fn fill(app: &App) -> Outcome {
    const TAKEN: &str = "there are accounts already, and demo fills an empty installation only; \
                         give it a folder of its own with --data (and a database of its own with --database)";
    if store::users::any(&app.db).await? {
        return Err(TAKEN.into());
    }
    let now = app.now();
    let secret = readable(&app.random.bytes());
    let hash = password::hash(app, Password::typed(&secret)).await?;
    // nobody knows the other people's password
    let others = password::hash(app, Password::typed(&readable(&app.random.bytes()))).await?;
    let year = Year::new(now, SEED);
    let [shop, box_office] = [0; 2].map(|_| ProjectId::from_random(app.random.bits()));
    let of_shop = tell(app, shop, shop::shop(year)).await?;
    let of_box_office = tell(app, box_office, shop::box_office(year)).await?;
    let mut tx = app.db.begin().await?;
    if store::users::any(&mut tx).await? {
        return Err(TAKEN.into());
    }
    let mut stage = Stage { tx: &mut tx, app, year };
    let me = stage.set([&hash, &others], [shop, box_office]).await?;
    for (project, metrics) in [(shop, &of_shop), (box_office, &of_box_office)] {
        store::projects::set_retention(&mut tx, project, RETENTION).await?;
        keep(&mut tx, project, metrics).await?;
        for metric in metrics.iter().filter(|metric| FAVOURITES.contains(&metric.name)) {
            store::favourites::add(&mut tx, me, project, metric.id, now).await?;
        }
    }
    board::set(&mut tx, app, me, shop, &of_shop).await?;
    tx.commit().await?;
    print(&format!("E-mail: {}\nPassword: {secret}", cast::EMAIL))?;
    Ok(())
}

/// Four groups of five letters and digits that can't be mistaken for each other: 100 random bits.
fn readable(bytes: &[u8; 13]) -> String {
    let text = BASE32_NOPAD.encode(bytes).to_lowercase();
    let groups: Vec<&str> = (0..4).filter_map(|group| text.get(group * 5..group * 5 + 5)).collect();
    groups.join("-")
}

/// Writes the data points of a project that isn't there yet.
async fn tell(app: &App, project: ProjectId, stories: Vec<Story>) -> Result<Vec<Told>, points::Error> {
    let mut told = Vec::with_capacity(stories.len());
    for Story { name, kind, values } in stories {
        let id = MetricId::from_random(app.random.bits());
        let first_seen = values.first().map_or(app.now(), |(at, _)| *at);
        let point = |(at, value): &(Micros, Value)| DataPoint {
            metric: id,
            at: *at,
            value: value.clone(),
            id: None,
        };
        for some in values.chunks(BATCH) {
            let batch = Batch {
                project,
                key: None,
                points: some.iter().map(point).collect(),
                note: Vec::new(),
            };
            app.points.append(batch, app.now()).await?;
        }
        told.push(Told {
            id,
            name,
            kind,
            first_seen,
        });
    }
    Ok(told)
}

/// Enters the metrics in the project's catalog.
async fn keep(tx: &mut Tx, project: ProjectId, metrics: &[Told]) -> Outcome {
    for metric in metrics {
        let name = MetricName::new(metric.name)?;
        store::metrics::upsert(tx, metric.id, project, &name, metric.kind, metric.first_seen).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use domain::time::{DAY, Micros};

    use super::SEED;
    use super::rhythm::Year;
    use super::shop::{box_office, shop};

    #[test]
    fn a_year_of_every_type_up_to_now_and_never_after_it() {
        let now = Micros(1_795_514_400_000_000);
        let year = Year::new(now, SEED);
        let metrics = shop(year);
        let types: std::collections::BTreeSet<_> = metrics.iter().map(|metric| metric.kind).collect();
        assert_eq!((metrics.len(), types.len()), (16, 4));
        for metric in metrics.iter().chain(&box_office(year)) {
            let times = || metric.values.iter().map(|(at, _)| *at);
            assert!(times().is_sorted(), "{}", metric.name);
            assert!(times().all(|at| now - 366 * DAY <= at && at < now), "{}", metric.name);
        }
        let last_hour: usize = metrics
            .iter()
            .map(|metric| metric.values.iter().filter(|(at, _)| *at > now - DAY / 24).count())
            .sum();
        assert!(last_hour > 100, "{last_hour}");
        let all: usize = metrics.iter().map(|metric| metric.values.len()).sum();
        assert!((500_000..1_000_000).contains(&all), "{all}");
    }

    #[test]
    fn the_same_now_tells_the_same_story() {
        let year = Year::new(Micros(1_795_514_400_000_000), SEED);
        for (one, other) in box_office(year).iter().zip(&box_office(year)) {
            assert!(one.values == other.values, "{}", one.name);
        }
    }
}
