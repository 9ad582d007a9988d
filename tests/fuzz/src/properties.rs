//! What the properties' scenarios are made of.

#[expect(dead_code, reason = "shared with the test binary, which uses all of it")]
#[path = "../../src/properties/world.rs"]
pub(crate) mod world;
