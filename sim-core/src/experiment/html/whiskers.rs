//! Intervals as dots with whiskers on one axis, around a line that is what they are compared with.

use crate::report::figures::percent;
use crate::report::html::markup::Markup;

/// The least and the most that the axis reaches to either side: shares of what is compared with.
const REACH: (f64, f64) = (0.02, 1.0);

/// What a reader makes of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Better,
    Worse,
    /// It cannot be told, or it is the same.
    Even,
}

/// One value with its interval, as shares: 0 is what it is compared with.
pub(super) struct Rail {
    pub(super) name: String,
    pub(super) tone: Tone,
    pub(super) value: f64,
    pub(super) ends: Option<(f64, f64)>,
    /// The value, in words.
    pub(super) said: String,
}

/// The axis: from and to, shares.
#[derive(Clone, Copy)]
struct Axis(f64, f64);

impl Axis {
    /// Just wide enough for all, as far as that goes.
    fn of(rails: &[Rail]) -> Self {
        let all = || {
            rails.iter().flat_map(|rail| {
                let (low, high) = rail.ends.unwrap_or((rail.value, rail.value));
                [low, high, rail.value]
            })
        };
        let low = all().fold(-REACH.0, f64::min).max(-REACH.1);
        let high = all().fold(REACH.0, f64::max).min(REACH.1);
        let room = (high - low) * 0.06;
        Axis(low - room, high + room)
    }

    /// Where a share stands, %; beyond the ends it stands at the edge.
    fn place(self, share: f64) -> f64 {
        ((share - self.0) / (self.1 - self.0) * 100.0).clamp(0.0, 100.0)
    }

    fn holds(self, share: f64) -> bool {
        (self.0..=self.1).contains(&share)
    }

    /// Round shares within it.
    fn ticks(self) -> Vec<f64> {
        let steps = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5];
        let step = steps.into_iter().find(|step| (self.1 - self.0) / step <= 5.0).unwrap_or(1.0);
        let (first, last) = (libm::ceil(self.0 / step) as i32, libm::floor(self.1 / step) as i32);
        (first..=last).map(|index| f64::from(index) * step).collect()
    }
}

/// Writes the picture, if there is anything to show; the same numbers stand in a table.
pub(super) fn picture(page: &mut Markup, class: &str, about: &str, rails: &[Rail]) {
    if rails.is_empty() {
        return;
    }
    let axis = Axis::of(rails);
    let zero = format!("--zero:{:.2}%", axis.place(0.0));
    page.element("p", &[("class", "note")], about);
    page.open("ul", &[("class", &format!("whiskers {class}")), ("style", &zero)]);
    for rail in rails {
        page.open("li", &[]);
        page.element("span", &[], &rail.name);
        draw(page, rail, axis);
        page.element("span", &[], &rail.said);
        page.close();
    }
    page.open("li", &[("class", "axis"), ("aria-hidden", "true")]);
    page.element("span", &[], "");
    page.open("div", &[]);
    for tick in axis.ticks() {
        let left = format!("left:{:.2}%", axis.place(tick));
        page.element("span", &[("style", &left)], &said(tick));
    }
    page.close();
    page.close();
    page.close();
}

fn said(tick: f64) -> String {
    let number = percent(tick.abs()).replace(".00", "").replace(".0 ", " ");
    match tick {
        0.0 => "0".to_owned(),
        tick if tick > 0.0 => format!("+{number}"),
        _ => format!("\u{2212}{number}"),
    }
}

fn draw(page: &mut Markup, rail: &Rail, axis: Axis) {
    let class = match rail.tone {
        Tone::Better => "rail better",
        Tone::Worse => "rail worse",
        Tone::Even => "rail even",
    };
    page.open("div", &[("class", class)]);
    if let Some((low, high)) = rail.ends {
        let (from, to) = (axis.place(low), axis.place(high));
        let style = format!("left:{from:.2}%;width:{:.2}%", to - from);
        // an end beyond the axis has no cap
        let class = match (axis.holds(low), axis.holds(high)) {
            (true, true) => "",
            (true, false) => "on",
            (false, true) => "off",
            (false, false) => "off on",
        };
        page.element("b", &[("class", class), ("style", &style)], "");
    }
    if axis.holds(rail.value) {
        let left = format!("left:{:.2}%", axis.place(rail.value));
        page.element("i", &[("style", &left)], "");
    } else {
        let arrow = if rail.value > 0.0 { ("more", "\u{25b6}") } else { ("less", "\u{25c0}") };
        page.element("em", &[("class", arrow.0)], arrow.1);
    }
    page.close();
}
