//! The past week: bursts that the club already knows when the demonstration begins.

use super::super::event::{Event, arcmin, arcsec, fermi, swift};
use super::super::observers::fading;
use crate::notices::Class::{BelowHorizon, Grb, UnreliableLocation};

/// The naked-eye burst. GCN Circular 7427: trigger, BAT and XRT positions, XRT from 60.5 s on. Significance, UVOT's
/// position and the magnitude are assumed; its optical light peaked at magnitude 5.3 (Racusin et al. 2008, Nature 455, 183).
pub(super) fn grb_080319b() -> Event {
    swift("306757")
        .quick_look(12.0, (217.926, 36.303, arcmin(3.0)))
        .bat(14.0, (217.926, 36.303, arcmin(3.0)), "42.0", "1.024")
        .slew(20.0, (217.926, 36.303))
        .xrt(75.0, (217.9196, 36.3041, arcsec(4.7)), "3.1e-08")
        .circular(1177.0, 7427, "Swift team", "GRB 080319B: Swift detection of an intense burst with a bright optical counterpart",
            "Swift's BAT triggered on a very bright burst of about 50 s (trigger 306757). Its X-ray telescope found a fading \
             source after 60.5 s, and there is a bright optical counterpart.")
        .uvot(5400.0, (217.9208, 36.3029, arcsec(0.6)), "13.70")
        .looked_at(75.0, (217.9208, 36.3029, 0.0), fading(5400.0, 13.7, 1.3))
}

/// GCN Circular 14470: both triggers, 51 s apart, BAT's ground position of 1′ and T90 of 163 s. GBM's positions, the
/// X-ray position and the latencies are assumed; 14448 is Swift's first circular, its subject and GBM's circular assumed.
pub(super) fn grb_130427a() -> Event {
    fermi("388741629", "bn130427324")
        .gbm_alert(5.0, "10.1", "0.016", "n6, n9, na")
        .gbm_flight(26.0, (172.5, 25.1, 3.4), (Grb, 96.0), "151.0", "0.064")
        .gbm_ground(42.0, (174.2, 27.0, 1.0), "160.2")
        .gbm_final(561.0, (172.5, 25.5, 1.0), "long")
        .swift("554620", 51.0)
        .bat(84.0, (173.1500, 27.7060, arcmin(3.0)), "20.6", "64.0")
        .slew(92.0, (173.15, 27.706))
        .xrt(205.0, (173.1362, 27.7129, arcsec(4.6)), "8.0e-08")
        .looked_at(205.0, (173.1362, 27.7129, 0.0), fading(3600.0, 13.4, 1.1))
        .circular(1900.0, 14_448, "Swift team", "GRB 130427A: Swift detection of a very bright burst with a likely bright optical counterpart",
            "Swift's BAT triggered on GRB 130427A (trigger 554620) at the end of a planned slew; the burst had begun 51 s before.")
        .circular(27_000.0, 0, "Fermi GBM team", "GRB 130427A: Fermi GBM observation",
            "GBM triggered on GRB 130427A (Fermi trigger 388741629), the brightest burst it had seen until then.")
        .circular(42_300.0, 14_470, "Swift-BAT team", "GRB 130427A: Swift-BAT refined analysis",
            "BAT's position on the ground for trigger 554620 is good to 1 arcmin. T90 is 163 s. The GBM trigger 388741629 came 51 s earlier.")
}

/// A long burst with a kilonova (Rastinejad et al. 2022, Nature 612, 223). All numbers are assumed: no source was at hand.
pub(super) fn grb_211211a() -> Event {
    fermi("660921004", "bn211211549")
        .gbm_alert(6.0, "5.3", "0.128", "n2, na")
        .gbm_flight(27.0, (214.0, 27.5, 3.0), (Grb, 97.0), "120.0", "0.256")
        .gbm_ground(44.0, (211.6, 28.3, 1.0), "131.6")
        .gbm_final(560.0, (211.6, 28.0, 1.0), "long")
        .swift("1088940", 0.4)
        .bat(17.0, (212.318, 27.884, arcmin(3.0)), "33.0", "1.024")
        .slew(24.0, (212.318, 27.884))
        .xrt(95.0, (212.2900, 27.8890, arcsec(3.6)), "1.9e-08")
        .uvot(3100.0, (212.2909, 27.8882, arcsec(0.5)), "19.70")
        .looked_at(95.0, (212.2909, 27.8882, 0.0), fading(3100.0, 19.7, 0.9))
        .circular(1260.0, 0, "Swift team", "GRB 211211A: Swift detection of a bright burst",
            "Swift's BAT triggered on a bright burst (trigger 1088940) and turned to it at once; its X-ray telescope found a fading source.")
        .circular(29_000.0, 0, "Fermi GBM team", "GRB 211211A: Fermi GBM observation",
            "Fermi's GBM triggered on GRB 211211A (trigger 660921004): a bright main part of 13 s and a longer, softer tail.")
}

/// A magnetar's giant flare in the galaxy NGC 253, which GBM took for a short burst. Recorded notices of trigger 608633290
/// (flight and ground with their times); GCN Circulars 27579, 27580, 27596; Svinkin et al. 2021, Nature 589, 211. The
/// alert's numbers are assumed.
pub(super) fn grb_200415a() -> Event {
    fermi("608633290", "bn200415367")
        .gbm_alert(5.0, "7.4", "0.016", "n0, n1, n2, n3")
        .gbm_flight(24.4, (347.1, -62.567, 3.33), (Grb, 98.0), "115.60", "0.064")
        .gbm_ground(41.4, (11.31, -60.41, 1.0), "124.70")
        .gbm_final(563.0, (6.1, -32.0, 2.0), "short")
        .circular(622.0, 27_579, "Fermi GBM team", "GRB 200415A: Fermi GBM Final Real-time Localization",
            "The GBM trigger 608633290 is likely a short burst; the automatic position has a statistical uncertainty of 2 deg.")
        .circular(1390.0, 27_580, "BALROG team", "GRB 200415A: BALROG localization (Fermi Trigger 608633290 / GRB 200415367)",
            "A fit of spectrum and place together to the data of Fermi trigger 608633290 puts the burst some degrees further north.")
        .circular(115_248.0, 27_596, "Konus-Wind team", "Konus-Wind observation of GRB 200415A (a magnetar Giant Flare in Sculptor Galaxy?)",
            "Konus-Wind saw a pulse that rose within 2 ms and faded over 0.2 s. The triangulated place holds the galaxy NGC 253: \
             perhaps the giant flare of a magnetar there.")
}

/// Recorded notices of trigger 470998462 (5 December 2015): unreliable at first, then from below the Earth's limb; no burst.
pub(super) fn below_horizon() -> Event {
    fermi("470998462", "bn151205371")
        .gbm_alert(5.4, "4.9", "2.048", "n2, n5")
        .gbm_flight(
            23.4,
            (260.3167, -23.8333, 19.7),
            (UnreliableLocation, 100.0),
            "4.90",
            "2.048",
        )
        .gbm_flight(
            41.4,
            (277.9333, -30.5167, 6.2167),
            (BelowHorizon, 100.0),
            "7.00",
            "4.096",
        )
}

/// Recorded notices of trigger 546518228. It had no letter in a circular at hand, so it keeps GBM's name.
pub(super) fn grb_180427a() -> Event {
    fermi("546518228", "bn180427442")
        .gbm_alert(5.0, "5.0", "0.128", "n4, n6")
        .gbm_flight(24.0, (267.05, 56.2167, 4.7), (Grb, 90.0), "29.90", "1.024")
        .gbm_flight(
            33.0,
            (267.2333, 56.2, 4.5667),
            (Grb, 91.0),
            "56.50",
            "4.096",
        )
        .gbm_ground(36.0, (284.37, 69.21, 1.18), "119.80")
        .gbm_ground(73.0, (281.77, 68.4, 1.0), "99.40")
        .gbm_final(561.0, (281.94, 70.34, 1.0), "long")
        .looked_at(561.0, (281.94, 70.34, 5.0), None)
        .gbm_final(10_819.0, (283.33, 70.3, 1.0), "long")
}

/// GCN Circulars 34564, 34565, 34567, 34569, 34571, 34572, 34582, 34586 with their times: triggers, final, BAT, XRT and
/// enhanced positions, XRT from 76.7 s on, T90 37 s. Alert, flight and ground positions and UVOT's notice are assumed.
pub(super) fn grb_230826a() -> Event {
    fermi("714771169", "bn230826814")
        .gbm_alert(6.0, "4.7", "1.024", "n6, n7")
        .gbm_flight(26.0, (79.4, 70.2, 9.8), (Grb, 88.0), "14.20", "2.048")
        .gbm_ground(71.0, (84.6, 66.0, 3.1), "22.40")
        .gbm_final(560.0, (82.8, 67.1, 2.0), "long")
        .swift("1187463", 2.5)
        .quick_look(13.0, (83.012, 66.125, arcmin(3.0)))
        .bat(15.0, (83.012, 66.125, arcmin(3.0)), "13.4", "1.024")
        .slew(22.0, (83.012, 66.125))
        .xrt(96.0, (83.0592, 66.1251, arcsec(10.0)), "2.2e-09")
        .uvot_none(5460.0, (83.0641, 66.1238), "20.40")
        .looked_at(96.0, (83.0641, 66.1238, 0.0), None)
        .circular(633.0, 34_564, "Fermi GBM team", "GRB 230826A: Fermi GBM Final Real-time Localization",
            "The GBM trigger 714771169 is likely a long burst; the automatic position has a statistical uncertainty of 2 deg.")
        .circular(2599.0, 34_565, "Swift team", "GRB 230826A: Swift detection of a burst",
            "Swift's BAT triggered on GRB 230826A (trigger 1187463); an X-ray source was found 69 arcsec from BAT's position.")
        .circular(21_354.0, 34_567, "GRB IKI FuN", "GRB 230826A: Mondy optical observations",
            "No candidate down to R = 22.0, an hour after the burst.")
        .circular(43_647.0, 34_569, "Swift-XRT team", "GRB 230826A: Enhanced Swift-XRT position",
            "The X-ray position, tied to the stars in UVOT's images, is good to 2.0 arcsec (trigger 1187463 of Swift).")
        .circular(57_852.0, 34_571, "Fermi GBM team", "GRB 230826A: Fermi GBM Observation",
            "One pulse that rises fast and fades slowly, T90 37 s (Fermi trigger 714771169).")
        .circular(67_257.0, 34_572, "GRBAlpha collaboration", "GRB 230826A: GRBAlpha detection",
            "Seen as well by a satellite of ten centimetres (Fermi trigger 714771169).")
        .circular(139_738.0, 34_582, "Swift/UVOT team", "Subject: GRB230826A: Swift/UVOT upper limits",
            "Nothing at the X-ray position from 114 s after Swift's trigger 1187463 on.")
        .circular(166_143.0, 34_586, "VZLUSAT-2 collaboration", "GRB 230826A: VZLUSAT-2 detection",
            "Seen as well by another small satellite (Fermi trigger 714771169).")
}

/// The recorded notice of Einstein Probe's trigger 01709259773 (9 April 2026); how late it came is assumed.
pub(super) fn einstein_probe() -> Event {
    Event::default().wxt(
        640.0,
        "01709259773",
        (184.664, -6.146, 0.0517),
        "0.07",
        "7.0",
    )
}

/// The bright burst with a supernova, SN 2023pel, which many amateurs followed. GCN Circulars as numbered: final position,
/// LAT's, XRT's, the redshift of 0.360. Alert, flight and ground positions are assumed.
pub(super) fn grb_230812b() -> Event {
    fermi("713559497", "bn230812790")
        .gbm_alert(5.0, "9.8", "0.016", "n0, n3, n4")
        .gbm_flight(25.0, (251.8, 43.9, 2.4), (Grb, 98.0), "310.00", "0.064")
        .gbm_ground(43.0, (250.6, 46.9, 1.0), "402.10")
        .gbm_final(560.0, (250.1, 46.2, 1.0), "long")
        .circular(634.0, 34_386, "Fermi GBM team", "GRB 230812B: Fermi GBM Final Real-time Localization",
            "The GBM trigger 713559497 is likely a long burst; the automatic position has a statistical uncertainty of 1 deg.")
        .circular(3187.0, 34_387, "Fermi GBM team", "GRB 230812B: Fermi GBM detection of an extremely bright GRB",
            "An extremely bright pulse of about 2 s and a tail of about 20 s (Fermi trigger 713559497). Follow-up is encouraged.")
        .circular(7942.0, 34_388, "Swift team", "GRB 230812B: Tiled Swift observations",
            "Swift looks for the X-ray afterglow in a pattern of fields around GBM's position.")
        .circular(12_776.0, 34_389, "MASTER network", "Fermi GRB 230812B: Global MASTER-Net observations report",
            "The robotic telescopes of the network covered part of the region, down to magnitude 19.")
        .circular(24_213.0, 34_391, "Fermi GBM team", "GRB 230812B: Fermi GBM Observation of a very bright burst",
            "T90 is about 3 s and the fluence 2.5E-4 erg/cm2 (Fermi trigger 713559497): among the brightest ever.")
        .circular(28_328.0, 34_392, "Fermi-LAT team", "GRB 230812B: Fermi-LAT detection",
            "LAT sees the burst at RA, Dec 249.10, 47.75 with an error radius of 0.13 deg; a photon of 72 GeV came after 32 s.")
        .circular(32_695.0, 34_393, "Swift team", "GRB 230812B: Preliminary Swift/XRT localization",
            "A new X-ray source in LAT's error circle, good to 10 arcsec.")
        .circular(37_286.0, 34_394, "Swift-XRT team", "GRB 230812B: Improved Swift/XRT localization",
            "The X-ray source lies at RA, Dec 249.1323, 47.8574, good to 3.7 arcsec.")
        .circular(37_706.0, 34_395, "KAIT team", "GRB 230812B: KAIT Optical Afterglow Candidate",
            "A new object of magnitude 18.7 near the X-ray source, 9.75 h after the burst.")
        .circular(37_838.0, 34_396, "MASTER network", "Fermi GRB 230812B: MASTER optical counterpart",
            "The network's images show the same object.")
}
