//! Every setting that there is, with its default and what it is for.

use super::telemetry::LOG;

/// One setting: `key` in the file, `GRB_KEY` in the environment.
pub struct Setting {
    pub key: &'static str,
    pub default: Option<&'static str>,
    pub secret: bool,
    pub help: &'static str,
}

const fn setting(key: &'static str, default: Option<&'static str>, help: &'static str) -> Setting {
    Setting {
        key,
        default,
        secret: false,
        help,
    }
}

const fn secret(key: &'static str, help: &'static str) -> Setting {
    Setting {
        key,
        default: None,
        secret: true,
        help,
    }
}

/// Those that are taken up while the program runs; the others wait for its next start.
pub const RELOADED: [&str; 6] = [
    "log",
    "reads_per_minute",
    "writes_per_minute",
    "sign_ins_per_hour",
    "sign_ins_per_minute",
    "sign_ups_per_hour",
];

/// Every setting there is.
pub const SETTINGS: &[Setting] = &[
    setting(
        "listen",
        Some("127.0.0.1:8080"),
        "Address and port of the web pages; port 0 picks a free one",
    ),
    setting(
        "data_dir",
        None,
        "Folder of grb-app.db; /var/lib/grb-app where it is installed as a service, else grb-app in $XDG_DATA_HOME or ~/.local/share",
    ),
    setting(
        "public_url",
        None,
        "Address under which members reach the pages; from `listen` unless set",
    ),
    setting(
        "club_name",
        Some("grb-app"),
        "The club's name, on every page",
    ),
    setting(
        "time_zone",
        Some("UTC"),
        "The club's time zone, e.g. Europe/Paris",
    ),
    setting(
        "leap_day",
        Some("02-28"),
        "When birthdays of 29 February are kept in common years: 02-28 or 03-01",
    ),
    setting(
        "gcn_client_id",
        None,
        "Client id from gcn.nasa.gov/quickstart; with the secret it turns the listener on",
    ),
    secret(
        "gcn_client_secret",
        "Client secret from gcn.nasa.gov/quickstart",
    ),
    setting(
        "gcn_domain",
        Some("gcn.nasa.gov"),
        "GCN's domain; test.gcn.nasa.gov for trials",
    ),
    setting(
        "kafka_bootstrap",
        None,
        "Another broker than GCN's, host:port; turns the listener on by itself",
    ),
    setting(
        "kafka_security",
        None,
        "plaintext, ssl, sasl_plaintext or sasl_ssl; sasl_ssl for GCN, else plaintext",
    ),
    setting(
        "kafka_token_url",
        None,
        "Where the login token is fetched; from gcn_domain unless set",
    ),
    setting(
        "kafka_ca",
        None,
        "A file of certificates to trust for the broker and the token address",
    ),
    setting(
        "kafka_topics",
        None,
        "Topics to hear, separated by commas; GCN's burst topics unless set",
    ),
    setting(
        "kafka_address_family",
        Some("v4"),
        "v4, v6 or any; many networks announce IPv6 and do not carry it",
    ),
    secret(
        "notice_secret",
        "Shared secret of hosts that push notices; without it they are refused",
    ),
    setting(
        "stale_after_hours",
        Some("12"),
        "A burst older than this when its notice arrives is recorded, not told",
    ),
    secret(
        "smtp_url",
        "The mail relay: smtp://user:password@host:587?tls=required, or smtps://host",
    ),
    setting(
        "smtp_ca",
        None,
        "A file of certificates to trust for the mail relay",
    ),
    setting(
        "mail_folder",
        None,
        "A folder to write letters into, one .eml each, instead of sending them",
    ),
    setting(
        "mail_from",
        None,
        "Sender of the letters, e.g. Orion Hill <desk@example.org>; from club_name and public_url unless set",
    ),
    setting(
        "mail_rate",
        None,
        "Letters a minute that the relay may be given; as many as it takes unless set",
    ),
    setting(
        "mail_connections",
        Some("8"),
        "Connections to the relay at once, 1 to 32",
    ),
    setting(
        "mail_retry_seconds",
        Some("60,300,900,3600"),
        "Pauses before a letter is tried again, the last one repeated until 48 hours have gone",
    ),
    setting(
        "mail_pictures",
        Some("true"),
        "Two pictures in each letter about a burst; false saves a small computer work",
    ),
    setting(
        "cors_origins",
        None,
        "Origins whose scripts may read the API, separated by commas",
    ),
    setting(
        "reads_per_minute",
        Some("3000"),
        "Pages and answers to one address, or to one member; 0 for as many as come",
    ),
    setting(
        "writes_per_minute",
        Some("600"),
        "Changing requests from one address, or of one member",
    ),
    setting(
        "sign_ins_per_hour",
        Some("90"),
        "Passwords tried for one account, twenty of them at once; by one visitor a quarter, ten at once",
    ),
    setting(
        "sign_ins_per_minute",
        Some("120"),
        "Passwords tried from one address",
    ),
    setting(
        "sign_ups_per_hour",
        Some("60"),
        "Sign-ups and forgotten passwords from one address",
    ),
    setting(
        "image_quota_mb",
        Some("250"),
        "Room for the pictures of one member's observations, as they are kept, in MB",
    ),
    setting(
        "backup_at",
        Some("04:30"),
        "When a copy of the database is made every day, in the club's time; empty for never",
    ),
    setting(
        "backup_folder",
        None,
        "Folder of these copies; backups in data_dir unless set. One on another disk is better; it must be there already, and the service let in: systemctl edit grb-app, [Service], ReadWritePaths=FOLDER",
    ),
    setting(
        "backup_keep",
        Some("7d 4w 12m"),
        "How many daily, weekly and monthly copies are kept",
    ),
    setting(
        "backup_command",
        None,
        "A program that carries each new copy away, e.g. scp {} host:desk/; {} is the file. No shell, half an hour at most",
    ),
    setting(
        "metrics_listen",
        None,
        "Address of a listener that serves only /metrics",
    ),
    secret(
        "metrics_token",
        "Bearer token for /metrics; without it only this machine may read them",
    ),
    setting(
        "log",
        Some(LOG),
        "What is written to the log: error, warn, info, debug, or a filter for each part",
    ),
    setting(
        "trusted_proxies",
        None,
        "Proxies that are believed about whom they ask for, as addresses or networks, e.g. 127.0.0.1, ::1, 10.0.0.0/8",
    ),
    setting(
        "tls_certificate",
        None,
        "A file with the desk's certificate and those above it (PEM); with tls_key the desk speaks https itself",
    ),
    setting("tls_key", None, "A file with the certificate's key (PEM)"),
    setting(
        "tls_acme_domains",
        None,
        "Names to fetch certificates for, and renew them, from Let's Encrypt; the desk must be reachable at port 443",
    ),
    setting(
        "tls_acme_mail",
        None,
        "Where Let's Encrypt may write to, e.g. desk@example.org",
    ),
    setting(
        "tls_acme_directory",
        Some("https://acme-v02.api.letsencrypt.org/directory"),
        "Another authority that speaks ACME, or Let's Encrypt's for trials",
    ),
    setting(
        "redirect_listen",
        None,
        "A second address without TLS, e.g. 0.0.0.0:8081 with port 80 forwarded to it, that sends everybody to the public one",
    ),
    setting(
        "release_from",
        None,
        "Where `grb-app update` looks for a release: a folder, or an https address",
    ),
    setting(
        "release_key",
        Some("/etc/grb-app/release-key.pem"),
        "The public key that releases must be signed with, for `grb-app update`; install.sh puts it there",
    ),
];
