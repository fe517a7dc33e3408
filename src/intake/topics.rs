//! Which topics are heard: one flavour for each mission, so that nothing comes twice.

/// Published once a second; tells that the line is alive.
pub const HEARTBEAT: &str = "gcn.heartbeat";

/// Classic notice types, heard as VOEvent.
const CLASSIC: &[&str] = &[
    "FERMI_GBM_ALERT",
    "FERMI_GBM_FLT_POS",
    "FERMI_GBM_GND_POS",
    "FERMI_GBM_FIN_POS",
    "FERMI_GBM_SUBTHRESH",
    "FERMI_GBM_POS_TEST",
    "FERMI_LAT_POS_INI",
    "FERMI_LAT_POS_UPD",
    "FERMI_LAT_GND",
    "FERMI_LAT_OFFLINE",
    "SWIFT_BAT_GRB_POS_ACK",
    "SWIFT_BAT_QL_POS",
    "SWIFT_BAT_GRB_POS_TEST",
    "SWIFT_XRT_POSITION",
    "SWIFT_XRT_CENTROID",
    "SWIFT_UVOT_POS",
    "SWIFT_UVOT_POS_NACK",
    "SWIFT_FOM_OBS",
    "SWIFT_SC_SLEW",
    "MAXI_UNKNOWN",
    "MAXI_KNOWN",
    "MAXI_TEST",
    "GECAM_FLT",
    "GECAM_GND",
    "CALET_GBM_FLT_LC",
    "KONUS_LC",
    "IPN_POS",
    "IPN_RAW",
    "GRB_CNTRPART",
    "ICECUBE_ASTROTRACK_GOLD",
    "ICECUBE_ASTROTRACK_BRONZE",
    "ICECUBE_CASCADE",
    "AMON_NU_EM_COINC",
];

/// Topics with a format of their own.
const OTHERS: &[&str] = &[
    "gcn.notices.einstein_probe.wxt.alert",
    "gcn.notices.swift.bat.guano",
    "gcn.notices.svom.voevent.grm",
    "gcn.notices.svom.voevent.eclairs",
    "gcn.notices.svom.voevent.mxt",
    "gcn.notices.icecube.lvk_nu_track_search",
    "gcn.notices.km3net.alert",
    "gcn.notices.superk.sn_alert",
    "gcn.notices.chime.frb",
    "gcn.notices.dsa110.frb",
    "gcn.notices.boom.alert",
    "igwn.gwalert",
    "gcn.circulars",
    HEARTBEAT,
];

/// The topics that are heard unless others are set.
pub fn usual() -> Vec<String> {
    let classic = CLASSIC
        .iter()
        .map(|kind| format!("gcn.classic.voevent.{kind}"));
    classic
        .chain(OTHERS.iter().map(ToString::to_string))
        .collect()
}
