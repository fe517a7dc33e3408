//! The bursts of the night, among them the most famous there are.

use super::super::event::{Event, arcmin, arcsec, fermi, svom, swift};
use super::super::observers::fading;
use crate::notices::Class::Grb;

/// GCN Circulars 34476 to 34484 with their times: both triggers, all positions from GBM's final one on, XRT from 141 s on.
/// The others came in the days after and are brought forward: z = 2.42 (34485), UVOT's place and magnitude (34486), T90 10 s
/// (34501). Alert, flight and ground positions, significances, and the time of UVOT's notice are assumed.
pub(super) fn grb_230818a() -> Event {
    swift("1186032")
        .quick_look(11.0, (285.883, 40.876, arcmin(3.0)))
        .bat(13.0, (285.883, 40.876, arcmin(3.0)), "24.1", "1.024")
        .slew(20.0, (285.883, 40.876))
        .xrt(158.0, (285.8897, 40.8950, arcsec(3.7)), "1.5e-09")
        .uvot(4800.0, (285.8881, 40.8970, arcsec(0.48)), "19.09")
        .looked_at(158.0, (285.8881, 40.8970, 0.0), fading(4800.0, 19.09, 1.0))
        .fermi("714094060", "bn230818977", 1.37)
        .gbm_alert(6.0, "5.0", "0.512", "n9, na")
        .gbm_flight(26.0, (293.6, 38.2, 7.1), (Grb, 92.0), "21.30", "1.024")
        .gbm_ground(87.0, (290.4, 42.6, 3.4), "29.80")
        .gbm_final(561.0, (289.2, 41.0, 2.7), "long")
        .circular(278.0, 34_476, "MASTER network", "Swift GRB230818.98: Global MASTER-Net OT detection",
            "A robotic telescope sees a new object in the field of Swift's trigger 1186032, minutes after the burst.")
        .circular(531.0, 34_477, "MASTER network", "Swift GRB230818.98: Global MASTER-Net observations report",
            "The network goes on looking at the field of Swift's trigger 1186032.")
        .circular(628.0, 34_478, "Fermi GBM team", "GRB 230818A: Fermi GBM Final Real-time Localization",
            "The GBM trigger 714094060 is likely a long burst; the automatic position has a statistical uncertainty of 2.7 deg.")
        .circular(995.0, 34_479, "Swift team", "GRB 230818A: Swift detection of a burst",
            "Swift's BAT triggered on GRB 230818A (trigger 1186032), a single complex peak of about 10 s, and turned to it at once. \
             Its X-ray telescope found a source 70 arcsec away.")
        .circular(6583.0, 34_480, "GOTO collaboration", "GRB 230818A: GOTO optical afterglow detection",
            "The afterglow had magnitude 17.75 in GOTO's wide band 266 s after the trigger 1186032 of Swift.")
        .circular(7576.0, 34_482, "MASTER network", "Fermi GRB 230818A: Global MASTER-Net observations report",
            "The robotic telescopes of the network go on looking at the field of GBM's trigger 714094060.")
        .circular(2664.0, 34_487, "KGO team", "GRB 230818A: KGO RC-25 optical observations",
            "R = 18.7 a quarter of an hour after the burst, R = 19.8 half an hour later (Swift trigger 1186032).")
        .circular(4062.0, 34_485, "NOT team", "GRB 230818A: NOT photometry and spectroscopy",
            "Absorption lines at a common redshift of 2.42 (Swift trigger 1186032).")
        .circular(5124.0, 34_488, "Bassano Bresciano Observatory", "GRB 230818A: Bassano Bresciano Observatory optical observations",
            "The afterglow in frames of a 25-cm telescope, 13.6 minutes after Swift's trigger 1186032.")
        .circular(9726.0, 34_490, "Leavitt Observatory", "GRB 230818A: Leavitt Observatory upper limit",
            "Nothing any more in V frames of a 25-cm telescope, 90 minutes after Swift's trigger 1186032.")
        .circular(10_446.0, 34_491, "Tautenburg team", "GRB 230818A: Tautenburg observations",
            "r = 19.76 after 47 minutes, r = 20.97 after 161 minutes (Swift trigger 1186032).")
        .circular(11_688.0, 34_486, "Swift/UVOT team", "GRB 230818A: Swift/UVOT Detection",
            "White 19.09 from 144 s after Swift's trigger 1186032 on, at a place good to 0.48 arcsec.")
        .circular(12_984.0, 34_492, "AstroSat CZTI collaboration", "GRB 230818A: AstroSat CZTI detection",
            "Seen in two quadrants, T90 6.3 s; the same burst as Swift's trigger 1186032.")
        .circular(13_176.0, 34_497, "SAO RAS team", "GRB 230818A: SAO RAS 6-m telescope spectroscopy",
            "Lines at a redshift of 2.42 here too, and a system in front of it at 2.38 (Swift trigger 1186032).")
        .circular(14_058.0, 34_489, "Swift-XRT team", "GRB 230818A: Swift-XRT refined Analysis",
            "The X-ray light fades fast until 385 s after Swift's trigger 1186032, then slower.")
        .circular(14_304.0, 34_501, "Fermi GBM team", "GRB 230818A: Fermi GBM Observation",
            "A couple of peaks, T90 about 10 s, Epeak 260 keV (Fermi trigger 714094060).")
        .circular(13_504.0, 34_483, "SAO RAS team", "GRB 230818A: SAO RAS Zeiss-1000 observations",
            "The afterglow is clearly there in single frames of a 1-m telescope from 5 minutes after the burst on (Swift trigger 1186032).")
        .circular(15_279.0, 34_484, "Swift-XRT team", "GRB 230818A: Enhanced Swift-XRT position",
            "The X-ray position, tied to the stars in UVOT's images, is good to 2.2 arcsec (Swift trigger 1186032).")
}

/// The merger of two neutron stars, with the start at the merger. Abbott et al. 2017, ApJL 848, L12: GBM 1.7 s after the
/// merger, its alert after 14 s, the gravitational-wave notice after 27 minutes, of one detector and together with GBM.
/// GCN Circular 21506 with its time: GBM's trigger and its position of 11.6°. The first positions, the class BNS (notices had
/// none then) and the subjects of the other circulars are assumed; 21520, which gave the name, came seven hours later.
pub(super) fn grb_170817a() -> Event {
    Event::default()
        .gravitational_wave(1632.0, "G298048", Some(("BNS", 1.0)), &[
            ("Stage", "Initial"), ("Significant", "yes"), ("Detectors", "H1"), ("False alarms", "one in 9111 years"),
            ("Search", "compact binary merger"), ("Neutron star involved", "100 %"), ("Coincident with", "Fermi"),
        ])
        .fermi("524666471", "bn170817529", 1.74)
        .gbm_alert(14.0, "6.2", "0.512", "n1, n2, n5")
        .gbm_flight(27.0, (172.05, -34.7833, 32.5667), (Grb, 97.0), "5.50", "0.256")
        .gbm_ground(43.0, (186.62, -48.84, 17.45), "6.10")
        .gbm_final(562.0, (176.8, -39.8, 11.6), "short")
        .circular(2438.0, 21_505, "LIGO Scientific Collaboration and Virgo Collaboration",
            "LIGO/Virgo G298048: Fermi GBM trigger 524666471/170817529: LIGO/Virgo Identification of a possible gravitational-wave counterpart",
            "One gravitational-wave detector saw what may be two neutron stars merging, 2 s before the Fermi trigger 524666471.")
        .circular(3993.0, 21_506, "GBM-LIGO group", "LIGO/Virgo G298048: Fermi GBM trigger 170817.529 and LIGO single IFO trigger",
            "What GBM saw in its trigger 524666471 (Fermi) fits a weak short burst at RA, Dec 176.8, -39.8 with 11.6 deg.")
        .circular(9580.0, 21_520, "Fermi GBM team", "GRB 170817A: Fermi GBM detection",
            "Fermi's GBM triggered and located GRB 170817A (trigger 524666471): a short pulse and a weak, softer tail.")
}

/// The second brightest burst, with a kilonova. GCN Circulars 33413 (trigger, the numbers of the others), 33429 (the X-ray
/// source), 33466 (LEIA). 33405, 33406, 33407, 33411: subjects assumed. GBM's positions and GECAM's notice are assumed. The
/// circulars of later than the night are brought forward: the triangulation came after 7.8 h, XRT's source after 31 h.
pub(super) fn grb_230307a() -> Event {
    fermi("699896651", "bn230307656")
        .gbm_alert(5.0, "8.3", "0.016", "n6, n7, n9, na")
        .gbm_flight(25.0, (69.4, -70.2, 3.3), (Grb, 97.0), "340.00", "0.064")
        .gbm_ground(42.0, (62.9, -76.1, 1.0), "392.70")
        .other(66.0, (188, "GECAM_FLT"), "57", Some((58.8, -72.4, 3.0)), &[])
        .other(312.0, (189, "GECAM_GND"), "57", Some((60.2, -74.8, 1.5)), &[])
        .fermi("699896651", "bn230307656", 0.0)
        .gbm_final(560.0, (60.1, -74.9, 1.0), "long")
        .circular(634.0, 33_405, "Fermi GBM team", "GRB 230307A: Fermi GBM Final Real-time Localization",
            "The GBM trigger 699896651 is likely a long burst; the automatic position has a statistical uncertainty of 1 deg.")
        .circular(2220.0, 33_406, "GECAM team", "GRB 230307A: GECAM detection of an extremely bright burst",
            "GECAM-B saw an extremely bright burst at the time of Fermi's trigger 699896651.")
        .circular(4080.0, 33_407, "Fermi GBM team", "GRB 230307A: Fermi GBM detection of a very bright GRB",
            "A very bright burst (Fermi trigger 699896651), the detectors saturated. Follow-up is encouraged.")
        .circular(7200.0, 33_411, "Fermi GBM team", "GRB 230307A: possibly the second highest GRB energy fluence ever identified",
            "T90 is about 35 s (Fermi trigger 699896651). Only GRB 221009A brought more energy.")
        .circular(9060.0, 33_413, "IPN", "IPN triangulation of GRB 230307A (long/very bright)",
            "From the times at which seven spacecraft saw it, Fermi (GBM trigger 699896651) among them, a box of 1.95 sq. deg follows.")
        .circular(11_600.0, 33_429, "Swift-XRT team", "GRB 230307A: Swift-XRT observations",
            "Two X-ray sources in the improved box; the brighter lies at RA, Dec 60.8594, -75.3788, good to 3.4 arcsec.")
}

/// Seen by Fermi, SVOM and Swift at once. GCN Circular 42568: the time, Fermi's trigger 783837993, SVOM's sb25110301, and
/// the position of 5′ that Swift's BAT gave when Fermi's notice had called for its data (GUANO report 783838024). Assumed:
/// that ECLAIRs placed it, GBM's positions, all significances but the one of the search (√TS 61.6), and the latencies.
pub(super) fn grb_251103a() -> Event {
    fermi("783837993", "bn251103199")
        .gbm_alert(6.0, "5.8", "0.128", "n3, n4")
        .gbm_flight(27.0, (151.3, 13.4, 6.2), (Grb, 94.0), "48.20", "0.512")
        .gbm_ground(88.0, (148.9, 17.9, 1.6), "66.00")
        .gbm_final(560.0, (148.1, 15.2, 1.2), "long")
        .svom("sb25110301", 0.9)
        .grm(26.0, "14.20", "1.0")
        .eclairs(48.0, (146.87, 16.06, arcmin(7.8)), "16.31", "5.12")
        .slewing(171.0, (146.84, 16.09, arcmin(5.2)), "22.40")
        .swift("783838024", 0.0)
        .guano(2520.0, (146.821, 16.104, arcmin(5.0)), "61.6", "Fermi 783837993")
        .circular(636.0, 0, "Fermi GBM team", "GRB 251103A: Fermi GBM Final Real-time Localization",
            "The GBM trigger 783837993 is likely a long burst; the automatic position has a statistical uncertainty of 1.2 deg.")
        .circular(8940.0, 42_568, "Swift/BAT-GUANO team", "GRB 251103A: Swift/BAT-GUANO arcminute localization of a burst",
            "BAT did not place the burst on board, but its data, kept because Fermi called (Fermi trigger 783837993; SVOM sb25110301), \
             put it at RA, Dec 146.821, 16.104, good to 5 arcmin.")
}

/// The brightest burst of all time. Lesage et al. 2023 (arXiv:2303.14172): GBM at 13:16:59.99, z = 0.151. GCN Circular 32632
/// with its time: Swift's trigger 53 minutes later, when the place came into its view, BAT, XRT and UVOT positions. 32635 and
/// 32688 are cited in 32744, which tells how radio amateurs saw the burst shake the ionosphere. Assumed: GBM's and LAT's
/// positions, the numbers 32636, 32648 and 32677, the subjects but that of 32632, and the times of the circulars after it,
/// some of which came days later.
pub(super) fn grb_221009a() -> Event {
    fermi("687014224", "bn221009553")
        .gbm_alert(5.0, "4.9", "1.024", "n4, n8")
        .gbm_flight(26.0, (296.1, 27.4, 8.6), (Grb, 88.0), "12.40", "2.048")
        .gbm_flight(68.0, (290.8, 24.0, 4.1), (Grb, 94.0), "24.90", "4.096")
        .gbm_ground(87.0, (291.2, 22.8, 1.4), "42.00")
        .gbm_final(561.0, (290.4, 22.3, 1.0), "long")
        .lat(4020.0, (288.21, 19.73, 0.1))
        .swift("1126853", 3197.0)
        .quick_look(14.0, (288.263, 19.803, arcmin(3.0)))
        .bat(16.0, (288.263, 19.803, arcmin(3.0)), "28.2", "64.0")
        .slew(24.0, (288.263, 19.803))
        .xrt(208.0, (288.2643, 19.7712, arcsec(5.6)), "6.4e-08")
        .uvot(2820.0, (288.2645, 19.7735, arcsec(0.61)), "16.63")
        .looked_at(208.0, (288.2645, 19.7735, 0.0), fading(2820.0, 16.63, 0.9))
        .circular(4942.0, 32_632, "Swift team", "Swift J1913.1+1946 a new bright hard X-ray and optical transient",
            "Swift's BAT triggered on a new source (triggers=1126853 and 1126854) close to the plane of the Milky Way; its \
             X-ray telescope sees it bright and fading, and there is an optical candidate of magnitude 16.6.")
        .circular(5820.0, 32_635, "Swift team", "GRB 221009A: Swift detected transient may be GRB",
            "The new source of Swift trigger 1126853 fades as an afterglow does, and Fermi's trigger 687014224 of 53 minutes \
             before fits: this may be a burst, and a very bright one.")
        .circular(6696.0, 32_636, "Fermi GBM team", "GRB 221009A: Fermi GBM detection of an extraordinarily bright GRB",
            "GBM's trigger 687014224 (Fermi) began with a faint pulse; three minutes later came the brightest burst it has ever seen.")
        .circular(8310.0, 32_648, "VLT/X-shooter team", "GRB 221009A: Redshift from X-shooter/VLT",
            "Lines at a redshift of 0.151: for so bright a burst it is close by (Swift trigger 1126853).")
        .circular(8100.0, 32_688, "Swift-BAT team", "GRB 221009A: Swift-BAT refined analysis",
            "BAT's position on the ground for Swift's trigger 1126853 is RA, Dec 288.254, 19.809.")
        .circular(9300.0, 32_744, "Three radio amateurs", "GRB 221009A: Detection as sudden ionospheric disturbances (SID)",
            "Receivers for very long waves at Kiel and Todmorden saw the ionosphere shaken by the burst (Fermi trigger 687014224).")
        .circular(9780.0, 32_677, "LHAASO Collaboration", "LHAASO observed GRB 221009A with more than 5000 VHE photons up to around 18 TeV",
            "Within 2000 s of Fermi's trigger 687014224 the array saw more than 5000 photons above 500 GeV.")
}

/// The first burst seen in teraelectronvolts (MAGIC Collaboration 2019, Nature 575, 455), at z = 0.4245. Swift's trigger
/// 883832 and the position 03h38m01s −26°56′47″ are published; GBM at 20:57:02.63, Swift 0.6 s later, GBM's T90 116 s
/// (Ajello et al. 2020, ApJ 890, 9). Other positions, the latencies and the subjects of the circulars are assumed; their
/// numbers could not be checked and are left out.
pub(super) fn grb_190114c() -> Event {
    fermi("569192227", "bn190114873")
        .gbm_alert(5.0, "7.2", "0.064", "n3, n4, n7")
        .gbm_flight(25.0, (59.2, -31.5, 3.1), (Grb, 96.0), "180.00", "0.064")
        .gbm_ground(42.0, (56.1, -25.3, 1.0), "214.30")
        .gbm_final(560.0, (54.9, -26.0, 1.0), "long")
        .swift("883832", 0.56)
        .quick_look(14.0, (54.51, -26.939, arcmin(3.0)))
        .bat(16.0, (54.51, -26.939, arcmin(3.0)), "31.0", "1.024")
        .slew(24.0, (54.51, -26.939))
        .xrt(81.0, (54.5048, -26.9464, arcsec(4.8)), "1.3e-07")
        .uvot(5400.0, (54.5048, -26.9464, arcsec(0.42)), "14.60")
        .looked_at(81.0, (54.5048, -26.9464, 0.0), fading(5400.0, 14.6, 1.0))
        .circular(1230.0, 0, "Swift team", "GRB 190114C: Swift detection of a very bright burst with a strong optical counterpart",
            "Swift's BAT triggered on a very bright burst (trigger 883832) and turned to it at once. X-ray and optical telescopes \
             both see the afterglow.")
        .circular(3300.0, 0, "NOT team", "GRB 190114C: NOT optical counterpart and redshift",
            "The spectrum of the afterglow shows lines at a redshift of 0.42 (Swift trigger 883832).")
        .circular(4380.0, 0, "MAGIC Collaboration", "MAGIC detects the GRB 190114C in the TeV energy domain",
            "MAGIC looked from 50 s after Swift's trigger 883832 on and sees gamma rays above 300 GeV with more than 20 sigma in 20 minutes.")
        .circular(7500.0, 0, "Fermi GBM team", "GRB 190114C: Fermi GBM detection",
            "A very bright burst with several pulses, T90 116 s (Fermi trigger 569192227).")
}

/// GCN Circular 44181 with its time: SVOM's trigger sb26040203, ECLAIRs' position of 4.57′, T90 15 s. The recorded notice of
/// MXT with its time. Earlier position and latencies of ECLAIRs are assumed.
pub(super) fn grb_260402a() -> Event {
    svom("sb26040203")
        .grm(27.0, "7.20", "2.0")
        .eclairs(46.0, (170.99, 63.61, arcmin(6.1)), "12.10", "10.2")
        .slewing(242.0, (170.982, 63.622, arcmin(4.57)), "18.74")
        .circular(1261.0, 44_181, "SVOM team", "GRB 260402A: SVOM detection of a burst",
            "SVOM's ECLAIRs triggered on GRB 260402A (SVOM burst-id sb26040203), one broad peak of 15 s, and SVOM turned to it.")
        .mxt(1351.0, (170.8782, 63.5859, 0.0324), "108.00")
}

/// GCN Circular 42556: trigger, BAT and XRT positions, XRT from 72.9 s on, about 200 s long. Latencies, significance and
/// UVOT's limit are assumed.
pub(super) fn grb_251103b() -> Event {
    swift("1409824")
        .quick_look(12.0, (105.864, -24.843, arcmin(3.0)))
        .bat(14.0, (105.864, -24.843, arcmin(3.0)), "19.6", "1.024")
        .slew(21.0, (105.864, -24.843))
        .xrt(90.0, (105.8735, -24.8708, arcsec(3.6)), "2.78e-09")
        .circular(1020.0, 42_556, "Swift team", "GRB 251103B: Swift detection of a burst",
            "Swift's BAT triggered on GRB 251103B (trigger 1409824), complex and about 200 s long; its X-ray telescope found a bright source.")
        .uvot_none(1740.0, (105.8735, -24.8708), "19.60")
}
