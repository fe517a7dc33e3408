//! Rebuilds when a migration is added: the migrations are embedded, and cargo does not see that by itself.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
