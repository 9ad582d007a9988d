//! How much load a part brings, and how it takes on more.

/// The load that a part brings.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Load {
    /// Requests a second at most, where users come whether or not others are answered.
    pub per_second: Option<f64>,
    /// Whether that rate changes over time.
    pub varies: bool,
    /// Users, where their number is fixed.
    pub users: Option<u64>,
}

/// A field of a form, and the value with which it would hold twice as much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wider {
    /// The field below the part, like `pool.size`.
    pub field: String,
    /// What it says now.
    pub from: String,
    /// What it would say.
    pub to: String,
}

impl Wider {
    /// Twice the number in a field.
    #[must_use]
    pub fn twice(field: &str, from: u32) -> Self {
        let to = from.saturating_mul(2);
        Wider { field: field.to_owned(), from: from.to_string(), to: to.to_string() }
    }

    /// The only way is to double this field.
    #[must_use]
    pub fn only(field: &str, from: u32) -> Vec<Vec<Self>> {
        vec![vec![Wider::twice(field, from)]]
    }
}
