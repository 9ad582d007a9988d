//! What a group of users asks for: endpoints by weight or by journey, clients and keys.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::source::{compile, flaw};
use super::spec::UsersSpec;
use crate::engine::chance::{Draw, Law, Weights, Zipf, below, flip, mix, name_key};
use crate::engine::request::{Ask, Want};
use crate::engine::tally::Tally;
use crate::wiring::{EndpointName, Flaw, Site};

const CLASS: u64 = 0x636c_6173_7300_0002;
const CLIENT: u64 = 0x636c_6965_6e74_0003;
const KEY: u64 = 0x6b65_7900_0000_0004;
const DEMAND: u64 = 0x6465_6d61_6e64_0009;
const JOURNEY: u64 = 0x6a6f_7572_6e65_0008;

/// How a request is described, fixed for the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Menu {
    pub(super) endpoints: Vec<u16>,
    pub(super) weights: Option<Weights>,
    /// Mean visits per session and endpoint.
    pub(super) journey: Vec<f64>,
    pub(super) clients: Option<u64>,
    /// Clients of different groups are different people, whatever their numbers.
    group: u64,
    pub(super) zipf: Option<Zipf>,
    demand: Option<Law>,
}

impl Menu {
    pub(super) fn new(spec: &UsersSpec, site: &Site) -> Result<Self, Flaw> {
        let field = if spec.sessions.is_some() { "journey" } else { "mix" };
        let table = asked(spec);
        let mut endpoints = Vec::new();
        for name in table.keys() {
            endpoints.push(
                site.endpoint(&name.0)
                    .map_err(|flaw| Flaw { path: format!("{field}.{}", name.0), ..flaw })?,
            );
        }
        let numbers: Vec<f64> = table.values().copied().collect();
        check_numbers(field, table)?;
        let weights = (spec.sessions.is_none() && numbers.len() > 1)
            .then(|| Weights::new(&numbers))
            .transpose()
            .map_err(|message| flaw(field, &message))?;
        let zipf = spec.keys.as_ref().map(|keys| keys.compile()).transpose();
        let zipf = zipf.map_err(|message| flaw("keys", &message))?;
        let (clients, group) = (spec.clients, name_key(&site.name));
        let demand = compile(spec.demand.as_ref(), "demand")?;
        Ok(Menu { endpoints, weights, journey: numbers, clients, group, zipf, demand })
    }

    pub(super) fn names(&self, site: &Site) -> Vec<String> {
        let name = |&endpoint: &u16| format!("{}/{}", site.name, site.endpoints[endpoint as usize]);
        if self.endpoints.is_empty() {
            return vec![site.name.clone()];
        }
        self.endpoints.iter().map(name).collect()
    }

    #[inline(always)]
    pub(super) fn ask(&self, luck: u64, class: u16, client: Option<u64>) -> Ask {
        let client = client.unwrap_or_else(|| match self.clients {
            Some(n) => self.person(below(&mut Draw::new(luck ^ CLIENT), n.max(1))),
            None => luck,
        });
        let key = match &self.zipf {
            Some(zipf) => zipf.sample(&mut Draw::new(luck ^ KEY)),
            None => luck,
        };
        let endpoint = self.endpoints.get(class as usize).copied().unwrap_or(0);
        let demand = match &self.demand {
            Some(law) => law.sample_nanos(&mut Draw::new(luck ^ DEMAND)),
            None => 0,
        };
        Ask { luck, client, key, demand, lease: 0, endpoint, want: Want::Answer }
    }

    /// The identity of the group's client of that number.
    #[inline]
    pub(super) fn person(&self, number: u64) -> u64 {
        mix(self.group, number)
    }

    #[inline]
    pub(super) fn pick(&self, luck: u64) -> u16 {
        match &self.weights {
            Some(weights) => weights.pick(&mut Draw::new(luck ^ CLASS)) as u16,
            None => 0,
        }
    }

    /// Visits of one session to the endpoint at a stage: the mean, rounded up or down at random.
    pub(super) fn visits(&self, luck: u64, stage: u16) -> u32 {
        let mean = self.journey[stage as usize];
        let whole = mean.floor();
        let draw = &mut Draw::new(mix(luck ^ JOURNEY, u64::from(stage)));
        whole as u32 + u32::from(flip(draw, mean - whole))
    }
}

/// One tally per class, with what an answer of it is worth.
pub(super) fn tallies(menu: &Menu, spec: &UsersSpec, site: &Site) -> Result<Vec<Tally>, Flaw> {
    let mut tallies: Vec<Tally> = menu.names(site).into_iter().map(Tally::new).collect();
    let asked = asked(spec);
    for (name, money) in &spec.worth {
        let Some(class) = asked.get_index_of(name) else {
            let known: Vec<&str> = asked.keys().map(|name| &name.0[..]).collect();
            let message = format!("nobody here asks for \"{}\"", name.0);
            let remedy = match known.is_empty() {
                true => "name the endpoints in mix or journey first".to_owned(),
                false => format!("these users ask for {}", known.join(", ")),
            };
            return Err(Flaw::new(&format!("worth.{}", name.0), message, &remedy));
        };
        tallies[class].usd_each = money.usd();
    }
    Ok(tallies)
}

/// The endpoints that are asked for, in the order of the classes.
pub(super) fn asked(spec: &UsersSpec) -> &IndexMap<EndpointName, f64> {
    if spec.sessions.is_some() { &spec.journey } else { &spec.mix }
}

fn check_numbers(field: &str, table: &IndexMap<EndpointName, f64>) -> Result<(), Flaw> {
    for (name, &number) in table {
        if !(number.is_finite() && (0.0..=1e6).contains(&number)) {
            return Err(Flaw::new(
                &format!("{field}.{}", name.0),
                format!("{number} is not possible here"),
                "write a number from 0 to 1000000",
            ));
        }
    }
    if !table.is_empty() && table.values().all(|&number| number == 0.0) {
        return Err(Flaw::new(field, "every number is 0", "give at least one endpoint a number"));
    }
    Ok(())
}
