//! Bounds on what a notice may say, whatever its format: pages and lists must bear it.

use chrono::{DateTime, Datelike as _, Utc};

use super::NoticeError;
use super::model::{Mission, Notice};

/// Letters that a name, an address and a sentence may have.
const NAME: usize = 128;
const ADDRESS: usize = 1024;
const SENTENCE: usize = 500;
const DETAILS: usize = 40;

/// The notice within bounds; one that says nothing at all is none.
pub(super) fn checked(mut notice: Notice) -> Result<Notice, NoticeError> {
    notice.trigger_time = notice.trigger_time.filter(is_sane);
    notice.notice_time = notice.notice_time.filter(is_sane);
    if let Mission::Other(name) = &mut notice.mission {
        cut(name, NAME);
    }
    for name in [
        &mut notice.instrument,
        &mut notice.trigger_id,
        &mut notice.name,
    ]
    .into_iter()
    .flatten()
    {
        cut(name, NAME);
    }
    notice
        .ivorn
        .iter_mut()
        .for_each(|ivorn| cut(ivorn, ADDRESS));
    notice
        .links
        .retain(|label, url| label.len() <= NAME && url.len() <= ADDRESS);
    notice.citations.truncate(DETAILS);
    notice.details.truncate(DETAILS);
    for (label, value) in &mut notice.details {
        cut(label, NAME);
        cut(value, SENTENCE);
    }
    if let Some(circular) = &mut notice.circular {
        cut(&mut circular.subject, SENTENCE);
        circular
            .submitter
            .iter_mut()
            .for_each(|name| cut(name, SENTENCE));
    }
    if says_nothing(&notice) {
        Err(NoticeError::NotANotice)
    } else {
        Ok(notice)
    }
}

/// From the first gamma-ray burst that was ever seen to far ahead.
fn is_sane(time: &DateTime<Utc>) -> bool {
    (1967..=2200).contains(&time.year())
}

/// At most `letters`, and no control characters.
fn cut(text: &mut String, letters: usize) {
    if text.chars().any(char::is_control) || text.len() > letters {
        *text = text
            .chars()
            .filter(|letter| !letter.is_control())
            .take(letters)
            .collect();
    }
}

fn says_nothing(notice: &Notice) -> bool {
    let named = notice.trigger_id.is_some() || notice.ivorn.is_some() || notice.circular.is_some();
    let dated = notice.trigger_time.is_some() || notice.notice_time.is_some();
    let placed = notice.localization.is_some() || notice.classification.is_some();
    !named && !dated && !placed
}
