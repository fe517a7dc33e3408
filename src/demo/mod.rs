//! The made-up club and its night, for trying the program without anything.

use std::path::Path;

use crate::platform::{App, Clock, Config};

/// A demonstration, ready to be served.
pub struct Demo {
    pub app: App,
}

impl Demo {
    /// placeholder
    pub async fn prepare(config: Config, _folder: Option<&Path>, _speed: f64) -> anyhow::Result<Self> {
        Ok(Self { app: App::open(config, Clock::system())? })
    }

    pub fn night(self) -> impl Future<Output = ()> + Send + 'static {
        async {}
    }
}
