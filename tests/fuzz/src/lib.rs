//! Fuzz targets for a fuzzer; what they judge stands in `tests/src/fuzz.rs`.

#[cfg(test)]
#[expect(dead_code, reason = "shared with the test binary, which uses all of it")]
#[path = "../../src/support.rs"]
mod support;

#[cfg(test)]
mod properties;

#[cfg(test)]
#[path = "../../src/fuzz.rs"]
mod fuzz;

#[cfg(test)]
mod targets {
    #[test]
    fn text() {
        bolero::check!().for_each(|bytes: &[u8]| crate::fuzz::text(bytes));
    }

    #[test]
    fn scenario() {
        bolero::check!().for_each(|bytes: &[u8]| crate::fuzz::scenario(bytes));
    }
}
