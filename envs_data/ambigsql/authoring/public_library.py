"""A public library: books, films, readers, and what they take home."""

from __future__ import annotations

from envs_data.ambigsql.authoring.draw import Draw, Row, listed, stepped
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
SHAPES = ("Chasing {}", "Goodbye, {}", "Return to {}", "The Road to {}", "Two Days in {}", "A Night in {}")
SCENES = listed(
    "Vallmora|Kestrel Bay|San Briz|Old Odrava|Fénelle|Tumbledown|Port Solace|Hanlong 漢|Lisse|Marrow Street|"
    "Qarabad|Åsvik|Winterfield|Cape Dolour|Bellefleur|Nine Elms"
)
DISTRICTS = ("Old Town", "Harbour", "Northgate", "Mill Hill", "Canal Side")
BRANCHES = ("Central", "Harbour", "Northgate", "Mill Hill", "Book Bus")
SECTIONS = ("general", "children", "classics", "youth")


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
    for number, (english, original) in enumerate(draw.shuffled(works())[:104], 1):
        owned = draw.count(4.2, 0.65, 1)
        price = draw.amount(17, 0.45, 0.5)
        rows.append(
            {
                "book_id": number,
                "title": original if draw.chance(0.2) else english,
                "section": draw.pick(SECTIONS, 0.6),
                "purchase_price": price,
                "replacement_price": stepped(price * draw.factor(0.6, 1.9), 0.5),
                "owned_stock": owned,
                "lent_stock": max(0, round(owned * draw.factor(-0.1, 1.0))),
                "loan_count": 0,
                "fee_total": 0.0,
            }
        )
    draw.blank(rows, section=0.03, replacement_price=0.05, lent_stock=0.04)
    return rows


def films(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    for number, title in enumerate(draw.distinct(58, lambda: draw.pick(SHAPES).format(draw.pick(SCENES))), 1):
        rows.append(
            {
                "film_id": number,
                "title": title,
                "section": draw.pick(SECTIONS, 0.4),
                "purchase_price": draw.amount(13, 0.4, 0.5),
                "main_runtime": draw.count(104, 0.2, 55),
                "bonus_runtime": draw.count(28, 0.7, 2),
                "loan_count": 0,
            }
        )
    draw.blank(rows, bonus_runtime=0.07)
    return rows


def readers(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(people(draw, 128), 1):
        home = draw.pick(DISTRICTS, 0.3)
        away = [district for district in DISTRICTS if district != home]
        rows.append(
            {
                "reader_id": number,
                "name": name,
                "home_district": home,
                "work_district": home if draw.chance(0.12) else draw.pick(away, 0.5),
                "paid_fine": draw.amount(6.5, 1.0, 0.5),
                "open_fine": draw.amount(2.4, 1.0, 0.5),
                "loan_count": 0,
                "joined_on": draw.day("2004-01-01", "2021-05-31"),
            }
        )
    draw.blank(rows, work_district=0.06, open_fine=0.05)
    return rows


def book_loans(draw: Draw, books: list[Row], readers: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 1_181):
        book, reader = draw.pick(books, 0.7), draw.pick(readers, 0.6)
        allowed = draw.pick((21, 28, 14, 42, 7), 0.4)
        kept = max(1, round(allowed * draw.factor(0.2, 1.5)))
        taken = draw.within("2019-05-02", "2023-11-20", reader["joined_on"], lean=0.8)
        pickup = draw.pick(BRANCHES, 0.6)
        elsewhere = [branch for branch in BRANCHES if branch != pickup]
        rows.append(
            {
                "book_loan_id": number,
                "book_id": book["book_id"],
                "reader_id": reader["reader_id"],
                "pickup_branch": pickup,
                "return_branch": pickup if draw.chance(0.2) else draw.pick(elsewhere, 0.3),
                "loan_date": taken,
                "return_date": draw.later(taken, kept, kept),
                "allowed_duration": allowed,
                "actual_duration": kept,
                "late_fee": stepped((kept - allowed) * 0.15, 0.05) if kept > allowed else 0.0,
            }
        )
    for row in draw.shuffled(rows)[:58]:
        row.update(return_branch=None, return_date=None, actual_duration=None, late_fee=0.0)
    return rows


def film_loans(draw: Draw, films: list[Row], readers: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 481):
        reader = draw.pick(readers, 0.4)
        rows.append(
            {
                "film_loan_id": number,
                "film_id": draw.pick(films, 0.7)["film_id"],
                "reader_id": reader["reader_id"],
                "pickup_branch": draw.pick(BRANCHES, 0.5),
                "loan_date": draw.within("2020-02-01", "2023-12-10", reader["joined_on"], lean=0.7),
                "late_fee": draw.amount(1.6, 0.7, 0.5) if draw.chance(0.3) else 0.0,
            }
        )
    draw.blank(rows, pickup_branch=0.03, late_fee=0.02)
    return rows


def fill_cards(draw: Draw, kept: list[Row], key: str, loans: list[Row]) -> None:
    """The loans on an index card: those of the old card system too, and not all of the latest."""
    for row in kept:
        counted = sum(loan[key] == row[key] for loan in loans)
        row["loan_count"] = max(0, counted + draw.pick((1, 2, 0, -1, 3, 5), 0.3))


def tables(draw: Draw) -> dict[str, list[Row]]:
    book, film, reader = books(draw), films(draw), readers(draw)
    book_loan = book_loans(draw, draw.shuffled(book), draw.shuffled(reader))
    film_loan = film_loans(draw, draw.shuffled(film), draw.shuffled(reader))
    fill_cards(draw, book, "book_id", book_loan)
    fill_cards(draw, film, "film_id", film_loan)
    fill_cards(draw, reader, "reader_id", book_loan)
    for row in book:
        charged = sum(loan["late_fee"] for loan in book_loan if loan["book_id"] == row["book_id"])
        row["fee_total"] = stepped(charged * draw.factor(0.8, 1.3) + 0.5, 0.05)
    draw.blank(reader, loan_count=0.03)
    return {"book": book, "film": film, "reader": reader, "book_loan": book_loan, "film_loan": film_loan}
