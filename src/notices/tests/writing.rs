//! What is written reads as the same notice.

use proptest::prelude::*;

use super::canonical::{JSONS, TEXTS, VOEVENTS, circular, draws, of_igwn, of_packet, of_schema};
use crate::notices::{Format, Notice, read, write};

fn again(notice: &Notice) -> Result<(), TestCaseError> {
    let bytes = write(notice, notice.format);
    prop_assert_eq!(
        &read(&bytes),
        &Ok(notice.clone()),
        "{}",
        String::from_utf8_lossy(&bytes)
    );
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn a_written_voevent_reads_as_the_same(draw in draws()) {
        for packet in VOEVENTS {
            again(&of_packet(*packet, Format::Voevent, &draw))?;
        }
    }

    #[test]
    fn a_written_text_reads_as_the_same(draw in draws()) {
        for packet in TEXTS {
            again(&of_packet(*packet, Format::Text, &draw))?;
        }
    }

    #[test]
    fn a_written_json_reads_as_the_same(draw in draws()) {
        for modern in JSONS {
            again(&of_schema(modern, &draw))?;
        }
        again(&of_igwn(&draw))?;
    }

    #[test]
    fn a_written_circular_reads_as_the_same(draw in draws()) {
        let circular = circular(&draw);
        again(&circular)?;
        let mut mailed = circular.clone();
        // The empty lines at the end of a mail say nothing.
        if let Some(letter) = &mut mailed.circular {
            letter.body = letter.body.trim_end().to_owned();
        }
        prop_assert_eq!(read(&write(&circular, Format::Text)), Ok(mailed));
    }
}
