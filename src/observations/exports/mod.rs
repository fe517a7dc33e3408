//! What is handed on: CSV, AAVSO, a circular's draft, VOTable, and all of it as one file.
//!
//! A [`harvest`] is what there is to hand on; each format is one pure file that writes it; [`routes`] hands it out.

mod aavso;
mod archive;
mod ascii;
mod circular;
mod columns;
mod csv;
mod harvest;
mod page;
mod routes;
mod votable;

#[cfg(test)]
mod tests;

pub(super) use routes::router;
