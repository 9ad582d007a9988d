//! What stands for what in a chart: text in the page, and the same on a saved picture.

use yew::prelude::*;

use crate::state::figures::{Figure, Shape};

/// The class of each sample and what it stands for.
pub(super) fn entries(figure: &Figure) -> Vec<(String, String)> {
    if let Some(map) = &figure.map {
        let shades = map.keys().into_iter().map(|(shade, name)| (format!("h{shade} fill"), name));
        return shades.chain([("over line".to_owned(), "p50".to_owned())]).collect();
    }
    let kind = if figure.shape == Shape::Layers { "fill" } else { "line" };
    match figure.shape {
        Shape::Bands => vec![
            ("s0 line".into(), "half are faster (p50)".into()),
            ("s0 band near".into(), "p50 to p95".into()),
            ("s0 band far".into(), "p95 to p99".into()),
        ],
        Shape::Lines | Shape::Steps | Shape::Layers => {
            let named = figure.lines.iter().enumerate();
            named.map(|(index, line)| (format!("s{index} {kind}"), line.name.clone())).collect()
        }
    }
}

/// The legend of a chart.
pub(super) fn legend(figure: &Figure, forked: bool) -> Html {
    let entry = |(class, name): (String, String)| {
        let sample = if class.contains("line") { "M0 5h28" } else { "M0 0h28v10h-28z" };
        html! {
            <li>
                <svg viewBox="0 0 28 10" aria-hidden="true"><path {class} d={sample} /></svg>
                <span>{ name }</span>
            </li>
        }
    };
    let original = forked.then(|| ("original line".to_owned(), "the original".to_owned()));
    let all = entries(figure).into_iter().chain(original);
    html! { <ul class="legend">{ for all.map(entry) }</ul> }
}
