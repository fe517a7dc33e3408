//! Tests of reading and writing notices. The recorded ones lie outside the repository, see `corpus`.

mod corpus;
mod peek;

use std::path::PathBuf;

/// The folder of recorded notices: `GRB_NOTICES`, else beside the repository. Says so when it is not there.
fn recorded() -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/notices");
    let folder = std::env::var_os("GRB_NOTICES").map_or_else(beside, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("SKIPPED: {} not found", folder.display());
    None
}
