//! The constellation in which a direction lies.

use std::sync::LazyLock;

use super::coordinates::Equatorial;

/// One of the 88 constellations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Constellation {
    /// The three letters of the IAU, such as `Sge`.
    pub abbreviation: &'static str,
    /// Latin name, such as `Sagitta`.
    pub name: &'static str,
    /// Latin genitive, as in "alpha Sagittae".
    pub genitive: &'static str,
}

/// The constellation of a direction: N. G. Roman, PASP 99, 695 (1987), whose borders are lines of RA and Dec of equinox B1875.
///
/// Good to about an arcsecond at the borders; the tests compare it with astropy 30″ away from them.
pub fn constellation(place: Equatorial) -> &'static Constellation {
    let old = at_1875(place);
    let hours = old.ra / 15.0;
    let found = BORDERS
        .iter()
        .find(|b| old.dec >= b.south && hours >= b.west && hours < b.east);
    // The last line of the table covers the south pole, so something is always found.
    found.map_or(&OCTANS, |b| b.constellation)
}

/// The constellation with an IAU abbreviation.
pub fn by_abbreviation(abbreviation: &str) -> Option<&'static Constellation> {
    CONSTELLATIONS
        .iter()
        .find(|c| c.abbreviation == abbreviation)
}

/// One line of Roman's table: everything north of `south` from `west` to `east` that no line above it took.
struct Border {
    west: f64,
    east: f64,
    south: f64,
    constellation: &'static Constellation,
}

/// Catalogue VI/42 of the CDS, in its order: hours, hours, degrees, abbreviation.
static BORDERS: LazyLock<Vec<Border>> = LazyLock::new(|| {
    include_str!("../../assets/sky/constellation_boundaries.dat")
        .lines()
        .filter_map(border)
        .collect()
});

fn border(line: &'static str) -> Option<Border> {
    let mut words = line.split_whitespace();
    let mut number = || words.next()?.parse().ok();
    let (west, east, south) = (number()?, number()?, number()?);
    Some(Border {
        west,
        east,
        south,
        constellation: by_abbreviation(words.next()?)?,
    })
}

/// The direction referred to the mean equator and equinox of B1875.0, by the precession angles of Lieske et al., A&A 58, 1 (1977).
pub(super) fn at_1875(place: Equatorial) -> Equatorial {
    /// Julian centuries from J2000.0 to B1875.0 (JD 2405889.25855).
    const T: f64 = (2_405_889.258_55 - 2_451_545.0) / 36_525.0;
    let angle = |a: f64, b: f64, c: f64| ((a + (b + c * T) * T) * T / 3600.0).to_radians();
    let zeta = angle(2306.2181, 0.301_88, 0.017_998);
    let z = angle(2306.2181, 1.094_68, 0.018_203);
    let (sin, cos) = angle(2004.3109, -0.426_65, -0.041_833).sin_cos();
    let (ra, dec) = (place.ra.to_radians() + zeta, place.dec.to_radians());
    let x = cos * dec.cos() * ra.cos() - sin * dec.sin();
    let y = dec.cos() * ra.sin();
    let height = sin * dec.cos() * ra.cos() + cos * dec.sin();
    Equatorial::from_vector([x * z.cos() - y * z.sin(), x * z.sin() + y * z.cos(), height])
}

const fn named(
    abbreviation: &'static str,
    name: &'static str,
    genitive: &'static str,
) -> Constellation {
    Constellation {
        abbreviation,
        name,
        genitive,
    }
}

const OCTANS: Constellation = named("Oct", "Octans", "Octantis");

#[rustfmt::skip]
static CONSTELLATIONS: [Constellation; 88] = [
    named("And", "Andromeda", "Andromedae"),
    named("Ant", "Antlia", "Antliae"),
    named("Aps", "Apus", "Apodis"),
    named("Aql", "Aquila", "Aquilae"),
    named("Aqr", "Aquarius", "Aquarii"),
    named("Ara", "Ara", "Arae"),
    named("Ari", "Aries", "Arietis"),
    named("Aur", "Auriga", "Aurigae"),
    named("Boo", "Boötes", "Boötis"),
    named("CMa", "Canis Major", "Canis Majoris"),
    named("CMi", "Canis Minor", "Canis Minoris"),
    named("CVn", "Canes Venatici", "Canum Venaticorum"),
    named("Cae", "Caelum", "Caeli"),
    named("Cam", "Camelopardalis", "Camelopardalis"),
    named("Cap", "Capricornus", "Capricorni"),
    named("Car", "Carina", "Carinae"),
    named("Cas", "Cassiopeia", "Cassiopeiae"),
    named("Cen", "Centaurus", "Centauri"),
    named("Cep", "Cepheus", "Cephei"),
    named("Cet", "Cetus", "Ceti"),
    named("Cha", "Chamaeleon", "Chamaeleontis"),
    named("Cir", "Circinus", "Circini"),
    named("Cnc", "Cancer", "Cancri"),
    named("Col", "Columba", "Columbae"),
    named("Com", "Coma Berenices", "Comae Berenices"),
    named("CrA", "Corona Australis", "Coronae Australis"),
    named("CrB", "Corona Borealis", "Coronae Borealis"),
    named("Crt", "Crater", "Crateris"),
    named("Cru", "Crux", "Crucis"),
    named("Crv", "Corvus", "Corvi"),
    named("Cyg", "Cygnus", "Cygni"),
    named("Del", "Delphinus", "Delphini"),
    named("Dor", "Dorado", "Doradus"),
    named("Dra", "Draco", "Draconis"),
    named("Equ", "Equuleus", "Equulei"),
    named("Eri", "Eridanus", "Eridani"),
    named("For", "Fornax", "Fornacis"),
    named("Gem", "Gemini", "Geminorum"),
    named("Gru", "Grus", "Gruis"),
    named("Her", "Hercules", "Herculis"),
    named("Hor", "Horologium", "Horologii"),
    named("Hya", "Hydra", "Hydrae"),
    named("Hyi", "Hydrus", "Hydri"),
    named("Ind", "Indus", "Indi"),
    named("LMi", "Leo Minor", "Leonis Minoris"),
    named("Lac", "Lacerta", "Lacertae"),
    named("Leo", "Leo", "Leonis"),
    named("Lep", "Lepus", "Leporis"),
    named("Lib", "Libra", "Librae"),
    named("Lup", "Lupus", "Lupi"),
    named("Lyn", "Lynx", "Lyncis"),
    named("Lyr", "Lyra", "Lyrae"),
    named("Men", "Mensa", "Mensae"),
    named("Mic", "Microscopium", "Microscopii"),
    named("Mon", "Monoceros", "Monocerotis"),
    named("Mus", "Musca", "Muscae"),
    named("Nor", "Norma", "Normae"),
    named("Oct", "Octans", "Octantis"),
    named("Oph", "Ophiuchus", "Ophiuchi"),
    named("Ori", "Orion", "Orionis"),
    named("Pav", "Pavo", "Pavonis"),
    named("Peg", "Pegasus", "Pegasi"),
    named("Per", "Perseus", "Persei"),
    named("Phe", "Phoenix", "Phoenicis"),
    named("Pic", "Pictor", "Pictoris"),
    named("PsA", "Piscis Austrinus", "Piscis Austrini"),
    named("Psc", "Pisces", "Piscium"),
    named("Pup", "Puppis", "Puppis"),
    named("Pyx", "Pyxis", "Pyxidis"),
    named("Ret", "Reticulum", "Reticuli"),
    named("Scl", "Sculptor", "Sculptoris"),
    named("Sco", "Scorpius", "Scorpii"),
    named("Sct", "Scutum", "Scuti"),
    named("Ser", "Serpens", "Serpentis"),
    named("Sex", "Sextans", "Sextantis"),
    named("Sge", "Sagitta", "Sagittae"),
    named("Sgr", "Sagittarius", "Sagittarii"),
    named("Tau", "Taurus", "Tauri"),
    named("Tel", "Telescopium", "Telescopii"),
    named("TrA", "Triangulum Australe", "Trianguli Australis"),
    named("Tri", "Triangulum", "Trianguli"),
    named("Tuc", "Tucana", "Tucanae"),
    named("UMa", "Ursa Major", "Ursae Majoris"),
    named("UMi", "Ursa Minor", "Ursae Minoris"),
    named("Vel", "Vela", "Velorum"),
    named("Vir", "Virgo", "Virginis"),
    named("Vol", "Volans", "Volantis"),
    named("Vul", "Vulpecula", "Vulpeculae"),
];
