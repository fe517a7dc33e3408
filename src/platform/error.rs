//! What can go wrong, once for answers to the web and once for the end of a command.

use serde::Serialize;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error that a person or a script gets as an answer. `web::problem` gives each its status and words.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The same, in words that scripts wait for.
    #[error("{0}")]
    Unknown(&'static str),
    #[error("{}", .0.iter().map(|fault| format!("{}: {}", fault.field, fault.message)).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<FieldFault>),
    /// What was asked can be read, but cannot be.
    #[error("{0}")]
    Refused(&'static str),
    #[error("{0}")]
    Unauthorized(&'static str),
    #[error("{0}")]
    Forbidden(&'static str),
    #[error("the request is larger than {}", room(*.limit))]
    TooLarge { limit: usize },
    #[error("the content type is not one that this address takes: {0}")]
    Unsupported(&'static str),
    /// Ask again after so many seconds.
    #[error("too many of these in a short time; try again in {after} s")]
    TooFast { after: u64 },
    #[error("more work is waiting than can be done now")]
    Busy,
    #[error("the database cannot be written: {0}")]
    Unwritable(String),
    /// Asked for under another name than the address of this desk.
    #[error("this desk is at {0}; it does not answer to other names")]
    Elsewhere(String),
    #[error("the address is longer than {limit} bytes")]
    LongAddress { limit: usize },
    #[error("the request began and did not go on; send it again")]
    Silent,
    #[error("this method does not work here")]
    WrongMethod,
    #[error(transparent)]
    Internal(anyhow::Error),
}

/// What is wrong with one field of the input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldFault {
    pub field: String,
    pub message: String,
}

/// `10 MB`, `256 KB`, `4096 bytes`: as whoever is refused would say it.
fn room(bytes: usize) -> String {
    match bytes {
        0..65_536 => format!("{bytes} bytes"),
        65_536..1_048_576 => format!("{} KB", bytes / 1024),
        _ => format!("{} MB", bytes / 1_048_576),
    }
}

impl Error {
    /// Input that is wrong in one field.
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldFault {
            field: field.into(),
            message: message.into(),
        }])
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error {
            rusqlite::Error::QueryReturnedNoRows => Self::NotFound("record"),
            rusqlite::Error::SqliteFailure(failure, _) if is_the_disks(failure.code) => {
                Self::Unwritable(error.to_string())
            }
            other => Self::Internal(other.into()),
        }
    }
}

/// True where the disk is at fault, not the statement.
fn is_the_disks(code: rusqlite::ErrorCode) -> bool {
    use rusqlite::ErrorCode::{
        DatabaseBusy, DatabaseLocked, DiskFull, OutOfMemory, ReadOnly, SystemIoFailure,
    };
    matches!(
        code,
        DiskFull | SystemIoFailure | ReadOnly | DatabaseBusy | DatabaseLocked | OutOfMemory
    )
}

impl From<anyhow::Error> for Error {
    fn from(error: anyhow::Error) -> Self {
        match error.downcast::<Self>() {
            Ok(ours) => ours,
            Err(other) => Self::Internal(other),
        }
    }
}

impl From<r2d2::Error> for Error {
    fn from(error: r2d2::Error) -> Self {
        tracing::warn!("No reader was free in time: {error}");
        Self::Busy
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::Internal(error.into())
    }
}

/// How a command ends: a message for the person at the terminal, and an exit code of sysexits.h.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Exit {
    pub code: u8,
    pub message: String,
}

impl Exit {
    /// The command line cannot be understood (64).
    pub fn usage(message: impl Into<String>) -> Self {
        Self {
            code: 64,
            message: message.into(),
        }
    }

    /// The data given cannot be read (65).
    pub fn data(message: impl Into<String>) -> Self {
        Self {
            code: 65,
            message: message.into(),
        }
    }

    /// Something that is needed is not there: a port, a server, a file (69).
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self {
            code: 69,
            message: message.into(),
        }
    }

    /// Not allowed (77).
    pub fn permission(message: impl Into<String>) -> Self {
        Self {
            code: 77,
            message: message.into(),
        }
    }

    /// The configuration or the database's schema is not one this program can use (78).
    pub fn config(message: impl Into<String>) -> Self {
        Self {
            code: 78,
            message: message.into(),
        }
    }
}
