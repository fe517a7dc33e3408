"""Makes the fixtures of the picture tests: files as Pillow and astropy write them, and where astropy puts them on the sky.

    python -m venv /tmp/oracle && /tmp/oracle/bin/pip install astropy==8.0.2 pillow==13.0.0
    /tmp/oracle/bin/python examples/make_picture_fixtures.py
"""

import json
import pathlib
import struct
import warnings
import zlib

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS
from PIL import Image, ImageOps

HERE = pathlib.Path(__file__).parent.parent / "tests/fixtures/pictures"
RANDOM = np.random.default_rng(190114)
warnings.simplefilter("ignore")


def quarters(width=48, height=32):
    """Red and green above, blue and white below."""
    image = Image.new("RGB", (width, height), (220, 20, 20))
    half = (width // 2, height // 2)
    image.paste((20, 200, 20), (half[0], 0, width, half[1]))
    image.paste((20, 20, 220), (0, half[1], half[0], height))
    image.paste((240, 240, 240), (half[0], half[1], width, height))
    return image


def orientations():
    undo = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    for number, transposition in undo.items():
        image = quarters()
        if transposition is not None:
            image = image.transpose(Image.Transpose(transposition))
        exif = Image.Exif()
        exif[0x0112] = number
        image.save(HERE / f"orientation-{number}.jpg", quality=92, exif=exif)
        # Pillow's own turning is the second opinion.
        upright = ImageOps.exif_transpose(Image.open(HERE / f"orientation-{number}.jpg"))
        assert upright.size == (48, 32) and upright.getpixel((10, 6))[0] > 180


def pictures():
    exif = Image.Exif()
    exif[0x010F] = "A camera at 48.8583 N"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (48.0, 51.0, 29.9)
    quarters().save(HERE / "gps.jpg", quality=92, exif=exif, comment=b"48.8583")
    quarters().save(HERE / "progressive.jpg", quality=92, progressive=True)
    quarters().convert("CMYK").save(HERE / "cmyk.jpg", quality=95)
    quarters().convert("L").save(HERE / "grey.jpg", quality=92)
    quarters().convert("P", palette=Image.Palette.ADAPTIVE).save(HERE / "palette.png")
    second = Image.new("RGB", (48, 32), (1, 2, 3))
    quarters().save(HERE / "animated.gif", save_all=True, append_images=[second], duration=100)
    quarters().save(HERE / "animated.webp", save_all=True, append_images=[second], duration=100, lossless=True)
    quarters().save(HERE / "lossy.webp", quality=90, exif=exif)
    alpha = quarters().convert("RGBA")
    alpha.save(HERE / "alpha.webp", quality=90)
    deep = np.full((16, 16), 0x40C8, dtype=np.uint16)
    Image.fromarray(deep).save(HERE / "deep-grey.png")


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(header, data):
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data, 9)) + chunk(b"IEND", b"")


def pngs():
    """Of 16 bits and interlaced: Pillow writes neither in colour."""
    pixels = np.asarray(quarters())
    rows = b"".join(b"\0" + (row.astype(">u2") * 257).astype(">u2").tobytes() for row in pixels)
    (HERE / "deep.png").write_bytes(png(struct.pack(">IIBBBBB", 48, 32, 16, 2, 0, 0, 0), rows))
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    rows = b"".join(
        b"\0" + row.tobytes() for x, y, dx, dy in passes for row in np.ascontiguousarray(pixels[y::dy, x::dx])
    )
    (HERE / "interlaced.png").write_bytes(png(struct.pack(">IIBBBBB", 48, 32, 8, 2, 0, 0, 1), rows))
    assert np.array_equal(np.asarray(Image.open(HERE / "interlaced.png")), pixels)
    (HERE / "bomb.png").write_bytes(png(struct.pack(">IIBBBBB", 60000, 60000, 1, 0, 0, 0, 0), bytes(20_000_000)))
    gif = b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 0x80, 0, 0) + bytes(6)
    gif += b"," + struct.pack("<HHHHB", 0, 0, 65535, 65535, 0) + b"\x02\x02\x4c\x01\x00;"
    (HERE / "bomb.gif").write_bytes(gif)


def tan(**keys):
    header = fits.Header()
    header["CTYPE1"], header["CTYPE2"] = "RA---TAN", "DEC--TAN"
    header["CRPIX1"], header["CRPIX2"] = 20.5, 11.25
    header["CRVAL1"], header["CRVAL2"] = 54.5, -26.94
    header["RADESYS"] = "ICRS"
    for key, value in keys.items():
        header[key] = value
    return header


def on_the_sky():
    turn = np.radians(31.0)
    step = 1.3 / 3600
    cases = {
        "wcs-cd.fits": tan(CD1_1=-step * np.cos(turn), CD1_2=step * np.sin(turn), CD2_1=step * np.sin(turn), CD2_2=step * np.cos(turn)),
        "wcs-pc.fits": tan(PC1_1=np.cos(turn), PC1_2=-np.sin(turn), PC2_1=np.sin(turn), PC2_2=np.cos(turn), CDELT1=-step, CDELT2=step),
        "wcs-cdelt.fits": tan(CDELT1=-0.2, CDELT2=0.2),
        "wcs-crota.fits": tan(CDELT1=-0.01, CDELT2=0.012, CROTA2=67.0),
        "wcs-fk5.fits": tan(CDELT1=-step, CDELT2=step, RADESYS="FK5", EQUINOX=2000.0),
        "wcs-pole.fits": tan(CDELT1=-0.5, CDELT2=0.5, CRVAL1=10.0, CRVAL2=89.5),
        "wcs-zero.fits": tan(CDELT1=-0.1, CDELT2=0.1, CRVAL1=0.02, CRVAL2=0.0),
        "wcs-swapped.fits": tan(CTYPE1="DEC--TAN", CTYPE2="RA---TAN", CRVAL1=41.0, CRVAL2=300.0, CDELT1=0.05, CDELT2=-0.05),
        "wcs-lonpole.fits": tan(CDELT1=-0.05, CDELT2=0.05, LONPOLE=150.0),
        "wcs-far.fits": tan(CDELT1=-step, CDELT2=step, CRPIX1=3000.0, CRPIX2=-2000.0),
    }
    width, height = 40, 30
    wanted = {}
    for name, header in cases.items():
        pixels = RANDOM.normal(1000, 10, (height, width)).astype(np.int16)
        fits.PrimaryHDU(pixels, header).writeto(HERE / name, overwrite=True)
        wcs = WCS(fits.getheader(HERE / name))
        right, top = width + 0.5, height + 0.5
        points = [((width + 1) / 2, (height + 1) / 2), (0.5, 0.5), (right, 0.5), (right, top), (0.5, top)]
        world = wcs.all_pix2world(points, 1)
        order = [wcs.wcs.lng, wcs.wcs.lat]
        centre, *corners = [[float(place[i]) for i in order] for place in world]
        wanted[name] = {"centre": centre, "corners": corners}
    (HERE / "wcs.json").write_text(json.dumps(wanted, indent=1) + "\n")
    pixels = np.zeros((30, 40), dtype=np.int16)
    old = tan(CDELT1=-0.1, CDELT2=0.1, RADESYS="FK4", EQUINOX=1950.0)
    fits.PrimaryHDU(pixels, old).writeto(HERE / "b1950.fits", overwrite=True)


def skies():
    width, height = 64, 48
    sky = RANDOM.normal(1000, 12, (height, width))
    y, x = np.mgrid[:height, :width]
    # Rows go from the bottom up: 12 from the top is 35 here.
    sky += 9000 * np.exp(-((x - 16) ** 2 + (y - 35) ** 2) / 18)
    sky = np.round(sky)
    write = lambda name, data, **keys: fits.PrimaryHDU(data, fits.Header(keys)).writeto(HERE / name, overwrite=True)
    write("sky-f32.fits", sky.astype(np.float32))
    write("sky-f64.fits", sky)
    write("sky-i16.fits", sky.astype(np.int16))
    write("sky-u16.fits", (sky + 32000).astype(np.uint16))
    write("sky-i32.fits", sky.astype(np.int32) * 1000)
    write("sky-cube.fits", np.stack([sky] * 3).astype(np.float32))
    write("sky-top-down.fits", sky[::-1].astype(np.float32), ROWORDER="TOP-DOWN")
    holes = sky.astype(np.float32)
    holes[3, 5:9] = np.nan
    holes[4, 5:9] = np.inf
    write("sky-holes.fits", holes)
    table = fits.BinTableHDU.from_columns([fits.Column("A", "E", array=np.arange(9.0))])
    image = fits.ImageHDU(sky.astype(np.float32))
    fits.HDUList([fits.PrimaryHDU(), table, image]).writeto(HERE / "sky-extension.fits", overwrite=True)
    colours = np.asarray(quarters()).transpose(2, 0, 1)[:, ::-1]
    write("plain-8-colour.fits", np.ascontiguousarray(colours))
    write("plain-8.fits", np.asarray(quarters().convert("L"))[::-1].copy())


HERE.mkdir(parents=True, exist_ok=True)
orientations()
pictures()
pngs()
on_the_sky()
skies()
