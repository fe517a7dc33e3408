//! Passwords: how strong one must be, and what is kept of it.

use argon2::password_hash::phc::{Output, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use tokio::sync::Semaphore;

use crate::platform::{Error, Result};

/// Characters; no rules beyond these and [`weakness`] (OWASP ASVS 5.0, 6.2).
const LEAST: usize = 8;
const MOST: usize = 128;

/// Characters that are judged: what begins well is hard to guess however it ends, and the work grows much faster than the length.
const JUDGED: usize = 32;

/// 19 MiB and two passes (OWASP ASVS 5.0, 11.4.2).
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Blocks that are set aside for a hash. Freed pieces of up to 32 MiB glibc keeps, in each thread's own heap: 1.4 GB after a
/// thousand sign-ins. Larger ones go back to the machine, and of this one only the part that is used takes memory.
const ROOM: usize = 33 * 1024 * 1024 / Block::SIZE;

/// What a password is compared with where there is no account: the same work, and no password fits.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm9ib2R5$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Hashes at once: 2 × 19 MiB, and at most so many of the threads that also read the database.
static TURNS: Semaphore = Semaphore::const_new(2);

/// Those that may wait for a turn; a flood beyond is told to come back.
static WAITING: Semaphore = Semaphore::const_new(128);

/// Whether a password has an acceptable length; the words of an error say what it must be.
pub fn long_enough(password: &str) -> Result<(), String> {
    match password.chars().count() {
        n if n < LEAST => Err(format!(
            "must have at least {LEAST} characters; twelve or more are better"
        )),
        n if n > MOST => Err(format!("must have at most {MOST} characters")),
        _ => Ok(()),
    }
}

/// Why `password` is too easily guessed, knowing what is known of its owner; `None` where it is not.
pub async fn weakness(password: String, known: Vec<String>) -> Result<Option<String>> {
    if let Err(length) = long_enough(&password) {
        return Ok(Some(length));
    }
    in_turn(move || Ok(guessable(&password, &known))).await
}

/// What is kept of `password`: Argon2id in PHC form.
pub async fn hash(password: String) -> Result<String> {
    in_turn(move || {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(odd)?;
        let salt = Salt::generate();
        let kept = PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: (&params).try_into().map_err(odd)?,
            salt: Some(salt),
            hash: Some(output(&password, &salt, params)?),
        };
        Ok(kept.to_string())
    })
    .await
}

/// What is counted of passwords.
pub fn describe() {
    crate::platform::telemetry::counts(
        "grb_passwords_judged_total",
        "Passwords compared, right and wrong",
    );
}

/// Whether `password` is the one of `kept`. It takes as long where there is none.
pub async fn matches(password: String, kept: Option<String>) -> Result<bool> {
    let judged = metrics::counter!("grb_passwords_judged_total");
    in_turn(move || {
        let kept = kept.as_deref().unwrap_or(NOBODY);
        let kept = PasswordHash::new(kept).map_err(odd)?;
        let params = Params::try_from(&kept).map_err(odd)?;
        let salt = kept.salt.ok_or_else(|| odd("a hash without a salt"))?;
        let found = output(&password, &salt, params)?;
        // After the work, which it stands for.
        judged.increment(1);
        // Compared in constant time.
        Ok(kept.hash == Some(found))
    })
    .await
}

/// Whether `kept` was made with less work than is asked now.
pub fn is_dated(kept: &str) -> bool {
    let current = format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$");
    !kept.starts_with(&current)
}

fn guessable(password: &str, known: &[String]) -> Option<String> {
    let parts = known.iter().flat_map(|text| {
        let words = text
            .split(|c: char| !c.is_alphanumeric())
            .map(str::to_owned);
        let together = text.chars().filter(|c| c.is_alphanumeric()).collect();
        words.chain([together]).collect::<Vec<String>>()
    });
    let parts: Vec<String> = parts.filter(|part| part.len() > 2).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let judged: String = password.chars().take(JUDGED).collect();
    let entropy = zxcvbn::zxcvbn(&judged, &parts);
    if entropy.score() >= zxcvbn::Score::Three {
        return None;
    }
    let feedback = entropy.feedback();
    let warning = feedback
        .and_then(|feedback| feedback.warning())
        .map(|warning| warning.to_string());
    let why = warning.unwrap_or_else(|| "It could be guessed.".into());
    Some(format!(
        "is too easy to guess. {why} Four or five words that do not belong together make a good one."
    ))
}

/// Argon2id of a password.
fn output(password: &str, salt: &Salt, params: Params) -> Result<Output> {
    let mut memory = Vec::with_capacity(ROOM);
    memory.resize(params.block_count(), Block::new());
    let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(password.as_bytes(), salt, &mut output, memory)
        .map_err(odd)?;
    Output::new(&output).map_err(odd)
}

fn odd(error: impl std::fmt::Display) -> Error {
    Error::Internal(anyhow::anyhow!("Argon2: {error}"))
}

async fn in_turn<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let _place = WAITING.try_acquire().map_err(|_| Error::Busy)?;
    let _turn = TURNS.acquire().await.map_err(|_| Error::Busy)?;
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|stopped| Err(Error::Internal(stopped.into())))
}
