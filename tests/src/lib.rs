//! What proves Busyhour right. Everything here is a test; there is nothing to use.

#[cfg(test)]
mod app_life;
#[cfg(test)]
mod browser;
#[cfg(test)]
mod capacity;
#[cfg(test)]
mod experiments;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod goldens;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod outages;
#[cfg(test)]
mod page;
#[cfg(test)]
mod parity;
#[cfg(test)]
mod plans;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod shipped;
#[cfg(test)]
mod stores;
#[cfg(test)]
mod support;
#[cfg(test)]
mod sweeps;
#[cfg(test)]
mod tasks;
#[cfg(test)]
mod tidy;
#[cfg(test)]
mod traces;
#[cfg(test)]
mod traps;
#[cfg(test)]
mod wrong;
