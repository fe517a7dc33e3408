//! People, one function at a time.
