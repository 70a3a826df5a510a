//! The product's table of refusals, taken as it is: what is told elsewhere is held against it.

#[path = "../src/denial/catalogue/mod.rs"]
#[allow(dead_code, reason = "tests look at a part of it")]
pub(crate) mod catalogue;
