use charts::{Theme, badge, rank, sparkline, wide_sparkline};

use super::{bars, counted, lines_of, well_formed};

#[test]
fn sparklines_of_one_flat_and_broken_series() {
    let all = [
        sparkline(&[Some(3.0)], false, ""),
        sparkline(&[Some(4.0), Some(4.0), Some(4.0)], true, ""),
        sparkline(&[Some(0.0), Some(0.0)], false, "Nothing"),
        sparkline(&[Some(1.0), None, Some(f64::NAN), Some(5.0), Some(2.0)], true, "\"<&>"),
        sparkline(&[Some(1.0), Some(2.0), None], true, ""),
        sparkline(&[], true, ""),
        wide_sparkline(&[Some(1.0), None, Some(5.0), Some(2.0)], true, "Orders", 48),
        wide_sparkline(&[], false, "", 48),
    ];
    insta::assert_snapshot!(all.iter().map(lines_of).collect::<Vec<_>>().join("\n\n"));
}

#[test]
fn a_picture_stands_alone_with_its_colours_in_it() {
    let (axis, buckets) = counted(&[0, 120, 1_204, 7]);
    let picture = bars(&axis, &buckets).svg();
    let alone = picture.standalone("Orders <today>", 600, Theme::Light);
    insta::assert_snapshot!(lines_of(&alone));
    for width in [0, 80, 2_000, u32::MAX] {
        assert!(well_formed(picture.standalone("", width, Theme::Auto).as_str()));
    }
}

#[test]
fn badges_are_as_wide_as_their_text() {
    let all = [
        badge("Orders, 7 days", "1,204"),
        badge("", "99.9%"),
        badge("\u{5d4}\u{5d6}\u{5de}\u{5e0}\u{5d5}\u{5ea}", "12 €"),
        badge(&"long ".repeat(51), "<b>&\"'"),
        badge("", ""),
    ];
    insta::assert_snapshot!(all.iter().map(lines_of).collect::<Vec<_>>().join("\n\n"));
}

#[test]
fn a_ranks_bar_keeps_to_its_row() {
    let width = |share| {
        rank(share)
            .to_string()
            .split("<rect class=\"rank-bar\" width=\"")
            .nth(1)
            .map(|w| w[..w.find('"').unwrap()].to_owned())
    };
    let widths = [0.0, 0.000_01, 0.375, 1.0, 7.0, f64::NAN].map(|share| width(share).unwrap());
    assert_eq!(widths, ["0%", "0.75%", "37.5%", "100%", "100%", "0%"]);
}
