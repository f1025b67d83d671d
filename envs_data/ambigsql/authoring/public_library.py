"""A public library: books with their English and original titles, readers, checkouts."""

from __future__ import annotations

from envs_data.ambigsql.authoring.draw import Draw, Row
from envs_data.ambigsql.authoring.words import people

# Invented works: a quality and a thing, in English and in the language that the book was written in.
LANGUAGES = {
    "french": {
        "Silent": "silencieux",
        "Red": "rouge",
        "Last": "ultime",
        "Broken": "brisé",
        "Distant": "lointain",
        "River": "Le Fleuve",
        "Garden": "Le Jardin",
        "Summer": "L’Été",
        "Mirror": "Le Miroir",
        "Island Road": "Le Chemin de l’île",
        "Winter": "L’Hiver",
    },
    "spanish": {
        "Silent": "silencioso",
        "Red": "rojo",
        "Last": "último",
        "Broken": "roto",
        "Distant": "lejano",
        "Train": "El tren",
        "Bridge": "El puente",
        "Wolf": "El lobo",
        "Kingdom": "El reino",
        "Letter": "El mensaje",
        "Forest": "El bosque",
    },
    "german": {
        "Silent": "Der stille",
        "Red": "Der rote",
        "Last": "Der letzte",
        "Broken": "Der gebrochene",
        "Distant": "Der ferne",
        "Tower": "Turm",
        "Mountain": "Berg",
        "Autumn": "Herbst",
        "Lake": "See",
        "Traveller": "Wanderer",
        "Dream": "Traum",
    },
    "chinese": {
        "Silent": "寂靜的",
        "Red": "紅色的",
        "Last": "最後的",
        "Broken": "破碎的",
        "Distant": "遠方的",
        "Han Gate": "漢門",
        "Moon": "月亮",
        "Harbour": "港口",
        "Lantern": "燈籠",
        "Song": "歌",
    },
}
QUALITIES = ("Silent", "Red", "Last", "Broken", "Distant")


def works() -> list[tuple[str, str]]:
    """(English title, original title) of every invented work."""
    found = []
    for language, words in LANGUAGES.items():
        for thing in (word for word in words if word not in QUALITIES):
            for quality in QUALITIES:
                first, second = (quality, thing) if language in ("german", "chinese") else (thing, quality)
                joint = "" if language == "chinese" else " "
                found.append((f"The {quality} {thing}", f"{words[first]}{joint}{words[second]}"))
    return found


def books(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    for number, (english, original) in enumerate(draw.shuffled(works())[:100], 1):
        first = draw.day("1931-01-01", "2020-12-31", 0.6)
        owned = draw.count(4.2, 0.65, 1)
        rows.append(
            {
                "book_id": number,
                "english_title": english,
                "original_title": original,
                "genre": draw.pick(("fiction", "history", "poetry", "travel", "comics"), 0.6),
                "owned_copies": owned,
                "lent_copies": max(0, round(owned * draw.factor(-0.1, 1.0))),
                "page_count": draw.count(260, 0.45, 40),
                "first_edition": first,
                "latest_edition": draw.until(first, "2023-10-31", 0.6),
            }
        )
    draw.blank(rows, original_title=0.05, genre=0.03, page_count=0.04, latest_edition=0.06)
    return rows


def readers(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(people(draw, 120), 1):
        home = f"{draw.pick('ABCDE')}{draw.between(1, 9)} {draw.between(1, 9)}{draw.pick('KLMN')}"
        work = f"{draw.pick('FGHJ')}{draw.between(1, 6)} {draw.between(1, 9)}{draw.pick('PQRS')}"
        rows.append(
            {
                "reader_id": number,
                "name": name,
                "card": draw.pick(("adult", "student", "child", "senior"), 0.6),
                "home_postcode": home,
                "work_postcode": home if draw.chance(0.06) else work,
                "paid_fines": draw.amount(6.5, 1.0, 0.5),
                "open_fines": draw.amount(2.4, 1.0, 0.5),
                "yearly_visits": draw.count(17, 0.8),
                "joined_on": draw.day("2004-01-01", "2023-05-31"),
            }
        )
    draw.blank(rows, work_postcode=0.06, open_fines=0.05, yearly_visits=0.03)
    return rows


def checkouts(draw: Draw, books: list[Row], readers: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 361):
        book, reader = draw.pick(books, 0.7), draw.pick(readers, 0.6)
        known = (book["first_edition"], reader["joined_on"])
        allowed = draw.pick((21, 28, 14, 42, 7), 0.4)
        rows.append(
            {
                "checkout_id": number,
                "book_id": book["book_id"],
                "reader_id": reader["reader_id"],
                "desk": draw.pick(("main", "kiosk", "online"), 0.7),
                "taken_on": draw.within("2020-01-10", "2023-11-20", *known, lean=0.8),
                "allowed_days": allowed,
                "kept_days": max(1, round(allowed * draw.factor(0.2, 1.5))),
            }
        )
    draw.blank(rows, desk=0.03, kept_days=0.07)
    return rows


def tables(draw: Draw) -> dict[str, list[Row]]:
    book, reader = books(draw), readers(draw)
    return {"book": book, "reader": reader, "checkout": checkouts(draw, book, reader)}
