//! Where members observe from, and with what.

pub mod model;
pub mod store;

pub use model::{Delivery, Site, Telescope};
