//! The charts on a board. One that was taken off can be brought back for a day.

use domain::board::{MAX_CHARTS, Picture, UNDO_FOR, Width};
use domain::id::{BoardId, ChartId, MetricId, ProjectId};
use domain::name::Name;
use domain::time::Micros;

use crate::db::{Row, sql};
use crate::{On, Result, Tx};

/// A chart on a board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardChart {
    /// Its id.
    pub id: ChartId,
    /// The project its metric is of.
    pub project: ProjectId,
    /// The metric; it may be deleted by now.
    pub metric: MetricId,
    /// What is shown of it.
    pub said: Said,
    /// How it is looked at: what stands behind the question mark of a link.
    pub view: String,
}

/// What people choose of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Its own title; none: the metric's.
    pub title: Option<Name>,
    /// How much of the board's width it takes.
    pub width: Width,
    /// What is shown of the metric.
    pub picture: Picture,
    /// Whether it shows the time of its own view instead of the board's.
    pub own_time: bool,
}

impl BoardChart {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            project: row.get("project_id")?,
            metric: row.get("metric_id")?,
            said: Said {
                title: row.get::<Option<String>>("title")?.map(Name::from_stored),
                width: row.get("width")?,
                picture: row.get("picture")?,
                own_time: row.get("own_time")?,
            },
            view: row.get("view")?,
        })
    }
}

/// The charts of a board, in order.
///
/// # Errors
/// If the database refuses.
pub async fn charts(on: impl Into<On<'_>>, board: BoardId) -> Result<Vec<BoardChart>> {
    let rows = sql("select * from board_charts where board_id = $1 and deleted_at is null order by position, id")
        .bind(board)
        .all(on)
        .await?;
    rows.iter().map(BoardChart::read).collect()
}

/// One chart of a board.
///
/// # Errors
/// If the database refuses.
pub async fn find_chart(on: impl Into<On<'_>>, board: BoardId, id: ChartId) -> Result<Option<BoardChart>> {
    let row = sql("select * from board_charts where board_id = $1 and id = $2 and deleted_at is null")
        .bind(board)
        .bind(id)
        .optional(on)
        .await?;
    row.as_ref().map(BoardChart::read).transpose()
}

/// A chart to be put on a board.
#[derive(Clone, Debug)]
pub struct NewChart<'a> {
    /// Its id.
    pub id: ChartId,
    /// The project its metric is of.
    pub project: ProjectId,
    /// The metric.
    pub metric: MetricId,
    /// What is shown of it.
    pub said: Said,
    /// How it is looked at.
    pub view: &'a str,
}

/// What became of the wish to put a chart on a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addition {
    /// It is the last one now.
    Added,
    /// The board has as many as it may.
    Full,
    /// The board is gone.
    NotFound,
}

/// Locks a board, so that its charts are counted and put in order by one at a time.
async fn lock(tx: &mut Tx, board: BoardId) -> Result<bool> {
    let row = sql("select id from boards where id = $1 and deleted_at is null for update")
        .bind(board)
        .optional(tx)
        .await?;
    Ok(row.is_some())
}

/// Puts a chart at the end of a board.
///
/// # Errors
/// If the database refuses.
pub async fn add_chart(tx: &mut Tx, board: BoardId, new: NewChart<'_>) -> Result<Addition> {
    if !lock(tx, board).await? {
        return Ok(Addition::NotFound);
    }
    let added = sql(
        "insert into board_charts (id, board_id, project_id, metric_id, position, width, picture, title, view, own_time) \
         select $1, $2, $3, $4, (select coalesce(max(position), 0) + 1 from board_charts where board_id = $2), \
         $5, $6, $7, $8, $9 \
         where (select count(*) from board_charts where board_id = $2 and deleted_at is null) < $10",
    )
    .bind(new.id)
    .bind(board)
    .bind(new.project)
    .bind(new.metric)
    .bind(new.said.width)
    .bind(new.said.picture)
    .bind(new.said.title.as_ref().map(Name::as_str))
    .bind(new.view)
    .bind(new.said.own_time)
    .bind(MAX_CHARTS)
    .execute(tx)
    .await?;
    Ok(if added == 1 { Addition::Added } else { Addition::Full })
}

/// Puts the charts of one board on another, which has none, each under the next of these ids.
///
/// # Errors
/// If the database refuses.
pub async fn copy_charts(
    tx: &mut Tx,
    from: BoardId,
    to: BoardId,
    mut ids: impl Iterator<Item = ChartId> + Send,
) -> Result<()> {
    for chart in charts(&mut *tx, from).await? {
        let Some(id) = ids.next() else { break };
        let new = NewChart {
            id,
            project: chart.project,
            metric: chart.metric,
            said: chart.said,
            view: &chart.view,
        };
        add_chart(tx, to, new).await?;
    }
    Ok(())
}

/// Changes what people choose of a chart, and how its metric is looked at. `false` if there is none.
///
/// # Errors
/// If the database refuses.
pub async fn change_chart(tx: &mut Tx, board: BoardId, id: ChartId, said: &Said, view: &str) -> Result<bool> {
    let changed = sql(
        "update board_charts set title = $3, width = $4, picture = $5, own_time = $6, view = $7 \
         where board_id = $1 and id = $2 and deleted_at is null",
    )
    .bind(board)
    .bind(id)
    .bind(said.title.as_ref().map(Name::as_str))
    .bind(said.width)
    .bind(said.picture)
    .bind(said.own_time)
    .bind(view)
    .execute(tx)
    .await?;
    Ok(changed == 1)
}

/// Makes a chart wider or narrower. `false` if there is none.
///
/// # Errors
/// If the database refuses.
pub async fn set_width(tx: &mut Tx, board: BoardId, id: ChartId, width: Width) -> Result<bool> {
    let changed = sql("update board_charts set width = $3 where board_id = $1 and id = $2 and deleted_at is null")
        .bind(board)
        .bind(id)
        .bind(width)
        .execute(tx)
        .await?;
    Ok(changed == 1)
}

/// Moves a chart to a place among the others, 0 the first; beyond the last is the last. `false` if there is none.
///
/// # Errors
/// If the database refuses.
pub async fn place(tx: &mut Tx, board: BoardId, id: ChartId, place: usize) -> Result<bool> {
    if !lock(tx, board).await? {
        return Ok(false);
    }
    let mut order: Vec<ChartId> = charts(&mut *tx, board)
        .await?
        .into_iter()
        .map(|chart| chart.id)
        .collect();
    let Some(from) = order.iter().position(|one| *one == id) else {
        return Ok(false);
    };
    let moved = order.remove(from);
    order.insert(place.min(order.len()), moved);
    for (position, id) in (1_i64..).zip(order) {
        sql("update board_charts set position = $3 where board_id = $1 and id = $2 and position <> $3")
            .bind(board)
            .bind(id)
            .bind(position)
            .execute(&mut *tx)
            .await?;
    }
    Ok(true)
}

/// Takes a chart off a board. `false` if there is none.
///
/// # Errors
/// If the database refuses.
pub async fn remove_chart(tx: &mut Tx, board: BoardId, id: ChartId, now: Micros) -> Result<bool> {
    let removed = sql("update board_charts set deleted_at = $3 where board_id = $1 and id = $2 and deleted_at is null")
        .bind(board)
        .bind(id)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(removed == 1)
}

/// Brings back a chart that was taken off. `false` if that was more than a day ago, or the board is full by now.
///
/// # Errors
/// If the database refuses.
pub async fn restore_chart(tx: &mut Tx, board: BoardId, id: ChartId, now: Micros) -> Result<bool> {
    if !lock(tx, board).await? {
        return Ok(false);
    }
    let restored = sql(
        "update board_charts set deleted_at = null where board_id = $1 and id = $2 and deleted_at > $3 \
         and (select count(*) from board_charts where board_id = $1 and deleted_at is null) < $4",
    )
    .bind(board)
    .bind(id)
    .bind(now - UNDO_FOR)
    .bind(MAX_CHARTS)
    .execute(tx)
    .await?;
    Ok(restored == 1)
}
