//! The same plan under more load, and what would make one of its parts wider.

use serde::{Deserialize, Serialize};

use super::{Change, Plan};
use crate::components::Form;
use crate::wiring::{Load, Wider};

/// A field of a scenario that is changed to make a part wider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Widened {
    /// The field, like `nodes.web.replicas`.
    pub path: String,
    /// What it said before.
    pub from: String,
    /// What it says then.
    pub to: String,
}

impl Plan {
    /// The load that all users together bring.
    #[must_use]
    pub fn load(&self) -> Load {
        let mut site = self.blueprint.site();
        let mut all = Load::default();
        for part in &self.blueprint.parts {
            site.name.clone_from(&part.name);
            let one = part.form.load(&site);
            if let Some(rate) = one.per_second {
                all.per_second = Some(all.per_second.unwrap_or(0.0) + rate);
            }
            all.varies |= one.varies;
            all.users = all.users.map_or(one.users, |users| Some(users + one.users.unwrap_or(0)));
        }
        all
    }

    /// The same plan under `factor` times the load: as many times as many users, each as busy as
    /// before and with the same luck. Users that an event changes are multiplied there too.
    ///
    /// # Errors
    /// A sentence with the part that brings load and cannot bring more or less of it.
    pub fn scaled(&self, factor: f64) -> Result<Plan, String> {
        let mut plan = self.clone();
        for part in &mut plan.blueprint.parts {
            if !part.form.scale(factor) && part.form.asks().is_some() {
                let (name, what) = (&part.name, part.form.component());
                return Err(format!("the load of {name} cannot be changed: it is a {what}"));
            }
        }
        for event in &mut plan.events {
            if let Change::Set { form, .. } = &mut event.change {
                form.scale(factor);
            }
        }
        plan.times = Some(self.times.unwrap_or(1.0) * factor);
        Ok(plan)
    }

    /// How a part would hold twice as much where a resource of it is used up (without: where it is
    /// down), each way as fields that change together, the best way first; none if it cannot. Where
    /// an autoscaler decides how many instances there are, its bounds are widened with them.
    #[must_use]
    pub fn widenings(&self, part: &str, resource: Option<&str>) -> Vec<Vec<Widened>> {
        let Some(own) = self.blueprint.parts.iter().find(|one| one.name == part) else {
            return Vec::new();
        };
        let mut ways = fields(&own.name, &own.form, resource);
        let grows = |form: &Form| form.grows().is_some_and(|(service, _)| service == part);
        let over = self.blueprint.parts.iter().filter(|one| grows(&one.form));
        for scaler in over {
            let bounds = fields(&scaler.name, &scaler.form, resource);
            let more = |way: &&mut Vec<Widened>| way.iter().any(|w| w.path.ends_with(".replicas"));
            for way in ways.iter_mut().filter(more) {
                way.extend(bounds.iter().flatten().cloned());
            }
        }
        ways
    }
}

/// The ways of one part, with whole paths. The parts of other sections than `nodes` have the
/// section's name in theirs, like `autoscale:web`.
fn fields(name: &str, form: &Form, resource: Option<&str>) -> Vec<Vec<Widened>> {
    let path = match name.split_once(':') {
        Some((section, name)) => format!("{section}.{name}"),
        None => format!("nodes.{name}"),
    };
    let whole = |way: Vec<Wider>| {
        let one = |wider: Wider| Widened {
            path: format!("{path}.{}", wider.field),
            from: wider.from,
            to: wider.to,
        };
        way.into_iter().map(one).collect()
    };
    form.widen(resource).into_iter().map(whole).collect()
}
