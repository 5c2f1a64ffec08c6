use domain::time::DAY;
use domain::value::OTHER;
use tokio::task::JoinSet;

use super::{METRIC, NOW, batch, buckets, fresh, open, range, store, word};

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_words_a_day_exactly_whoever_comes_first() {
    let (dir, points) = fresh().await;
    let mut tasks = JoinSet::new();
    for task in 0..50 {
        let points = points.clone();
        // 50 tasks × 60 words of their own and 10 that all of them share: 3,010 distinct ones.
        tasks.spawn(async move {
            let own = (0..60).map(|n| format!("{task}/{n}"));
            let shared = (0..10).map(|n| format!("shared {n}"));
            let words = shared.chain(own).map(|text| word(NOW, &text)).collect();
            points.append(batch(words), NOW).await.unwrap().stored
        });
    }
    assert_eq!(tasks.join_all().await.into_iter().sum::<u64>(), 3_500);
    drop(points);
    let points = open(&dir).await;
    store(
        &points,
        vec![
            word(NOW, "one more"),
            word(NOW, "shared 3"),
            word(NOW, OTHER),
            word(NOW + DAY, "tomorrow"),
        ],
    )
    .await;

    let whole_day = range(NOW.floor(DAY), NOW.floor(DAY) + DAY);
    let today = range(NOW - 1, NOW + 1);
    for range in [whole_day, today] {
        let words = points.words(METRIC, range, 5_000).await.unwrap();
        assert_eq!((words.total, words.distinct, words.words.len()), (3_503, 2_000, 2_001));
        let other = words.words.iter().find(|word| word.word == OTHER).unwrap();
        let named: u64 = words
            .words
            .iter()
            .filter(|word| word.word != OTHER)
            .map(|word| word.count)
            .sum();
        assert_eq!(other.count + named, 3_503);
        assert_eq!(
            words.words.iter().find(|word| word.word == "shared 3").unwrap().count,
            51
        );
    }
    let tomorrow = points.words(METRIC, range(NOW + DAY, NOW + DAY + 1), 10).await.unwrap();
    assert_eq!((tomorrow.total, tomorrow.words[0].word.as_str()), (1, "tomorrow"));
}

#[tokio::test]
async fn words_move_over_time_and_odd_ones_come_back_as_they_were() {
    let (_dir, points) = fresh().await;
    let odd = "\"quoted\\\" \u{1} \u{0} 雪\n";
    store(
        &points,
        vec![word(NOW, odd), word(NOW, odd), word(NOW, "plain"), word(NOW + DAY, odd)],
    )
    .await;
    let asked = [odd.to_owned(), "plain".to_owned(), "never".to_owned()];
    let by_day = points
        .word_series(METRIC, &asked, &buckets(NOW, NOW + 2 * DAY, "1d"))
        .await
        .unwrap();
    assert_eq!(by_day, [[2, 1, 0], [1, 0, 0], [0, 0, 0]]);
    let by_hour = points
        .word_series(METRIC, &asked, &buckets(NOW, NOW + 1, "1h"))
        .await
        .unwrap();
    assert_eq!(by_hour, [[2], [1], [0]]);
    let words = points.words(METRIC, range(NOW, NOW + 1), 1).await.unwrap();
    assert_eq!((words.total, words.distinct, words.words.len()), (3, 2, 1));
    assert_eq!(words.words[0].word, odd);
}
