//! Boards: charts of an organisation's metrics, put together by its members.

use crate::metric::MetricType;
use crate::role::Role;
use crate::time::DAY;

/// Most boards of an organisation.
pub const MAX_BOARDS: i64 = 200;
/// Most charts on a board.
pub const MAX_CHARTS: i64 = 36;
/// A deleted board, and a chart that was taken off one, can be brought back for this long.
pub const UNDO_FOR: i64 = DAY;

/// A closed list of choices, each with the number it is kept as, a word for forms and what people read.
macro_rules! choices {
    ($(#[$doc:meta])* $name:ident { $($(#[$one:meta])* $choice:ident = $code:literal, $word:literal, $text:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$one])* $choice,)+
        }

        impl $name {
            /// Every one, in the order people choose from.
            pub const ALL: &'static [Self] = &[$(Self::$choice,)+];

            /// The number it is kept as.
            #[must_use]
            pub const fn code(self) -> i64 {
                match self { $(Self::$choice => $code,)+ }
            }

            /// What it is called in forms.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$choice => $word,)+ }
            }

            /// What people read.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$choice => $text,)+ }
            }

            /// The one kept under this number.
            #[must_use]
            pub fn from_code(code: i64) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.code() == code)
            }

            /// The one called so in forms.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.word() == word)
            }
        }
    };
}
pub(crate) use choices;

choices! {
    /// How much of a board's width a chart takes, where there is room.
    Width {
        /// A third.
        Third = 2, "third", "A third";
        /// Half of it.
        Half = 3, "half", "Half";
        /// All of it.
        Whole = 6, "whole", "Whole";
    }
}

choices! {
    /// What is shown of a metric on a board.
    Picture {
        /// The chart that its own page has.
        Chart = 1, "chart", "Chart";
        /// Its first figure, large, with its change and a small line.
        Number = 2, "number", "One number";
        /// Which words are the most popular.
        Words = 3, "words", "Ranking of words";
    }
}

impl Picture {
    /// Whether metrics of this type have it.
    #[must_use]
    pub fn is_of(self, kind: MetricType) -> bool {
        self != Self::Words || kind == MetricType::WordWeb
    }
}

/// Whether somebody may change a board: whoever made it, and Administrators if it is shared. Viewers change nothing.
#[must_use]
pub fn may_change(role: Role, is_mine: bool, is_shared: bool) -> bool {
    role >= Role::Member && (is_mine || (is_shared && role == Role::Administrator))
}

/// Whether somebody sees a board.
#[must_use]
pub const fn may_see(is_mine: bool, is_shared: bool) -> bool {
    is_mine || is_shared
}

#[cfg(test)]
mod tests {
    use super::{Picture, Width, may_change};
    use crate::metric::MetricType;
    use crate::role::Role;

    #[test]
    fn choices_read_back_from_their_number_and_word() {
        for width in Width::ALL {
            assert_eq!(Width::from_code(width.code()), Some(*width));
            assert_eq!(Width::from_word(width.word()), Some(*width));
        }
        assert_eq!(Picture::from_word("pie"), None);
        assert!(Picture::Words.is_of(MetricType::WordWeb) && !Picture::Words.is_of(MetricType::Timer));
        assert!(Picture::Number.is_of(MetricType::WordWeb));
    }

    #[test]
    fn a_board_is_changed_by_its_maker_and_a_shared_one_by_administrators_too() {
        assert!(may_change(Role::Member, true, false));
        assert!(!may_change(Role::Viewer, true, true), "a maker who is a Viewer by now");
        assert!(!may_change(Role::Member, false, true));
        assert!(may_change(Role::Administrator, false, true));
        assert!(!may_change(Role::Administrator, false, false));
    }
}
