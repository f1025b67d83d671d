"""Four pharmacies under one roof: suppliers, medicines and devices, customers, prescriptions, deliveries."""

from __future__ import annotations

from collections import Counter

from envs_data.ambigsql.authoring.draw import Draw, Row, listed, stepped
from envs_data.ambigsql.authoring.words import people

STEMS = listed(
    "Abrilo|Belvo|Cormi|Dunva|Elsi|Éstra|Fanto|Gromi|Havo|Ilvi|Jarro|Kelmu|Lorvi|Mirdo|Nuvel|Ostri|Pelmo|Quando|"
    "Rusti|Sarvo|Tilma|Umbri|Velso|Wendi|Zorvi"
)
ENDS = ("cane", "dorm", "fene", "lac", "mol", "nide", "pax", "quil", "sene", "thol")
KINDS = ("", "", " Forte", " Junior", " N")
DEVICES = listed(
    "Ankle Brace|Back Rest|Cool Pack|Ear Thermometer|Elbow Sleeve|Eye Patch|Foot Bath|Knee Wrap|Pill Box|"
    "Steam Inhaler|Walking Frame|Wrist Splint"
)
SORTS = ("Children’s", "Folding", "Heated", "Large", "Soft", "Travel")
MAKERS = listed(
    "Aarlund|Bellamy|Brück|Caduceus|Corvin|Deverell|Écluse|Ferrant|Gladstone|Halvorsen|Ilex|Juniper|Kestner|Larkspur|"
    "Mortimer|Nightshade|Ottoline|Pestle|Rosendahl|Sorrel|Tamarind|Verbena|Wintergreen|漢方"
)
FORMS = ("& Daughters", "Apothecaries", "Laboratories", "Pharma", "Remedies")
COUNTRIES = ("Sweden", "Ireland", "Poland", "Italy", "Belgium")
PLACES = ("drawer wall", "open shelf", "cold room", "safe")
BRANCHES = ("Mill Street", "Station Road", "Mill Lane", "Market Square")
INSURERS = ("Union Mutual", "Civic", "Union Health", "Westfold", "none")
PRESCRIBED = (30, 20, 60, 10, 90, 50, 100, 120)


def suppliers(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(draw.distinct(56, lambda: f"{draw.pick(MAKERS)} {draw.pick(FORMS)}"), 1):
        plant = draw.pick(COUNTRIES, 0.4)
        rows.append(
            {
                "supplier_id": number,
                "name": name,
                "plant_country": plant,
                "office_country": draw.pick([c for c in COUNTRIES if c != plant]) if draw.chance(0.85) else plant,
                "cash_discount": draw.amount(2.4, 0.45, 0.25),
                "volume_discount": draw.amount(5.5, 0.6, 0.5),
                "medicine_count": 0,
                "delivery_count": 0,
            }
        )
    return rows


def medicines(draw: Draw, suppliers: list[Row]) -> list[Row]:
    rows: list[Row] = []
    names = draw.distinct(128, lambda: f"{draw.pick(STEMS)}{draw.pick(ENDS)}{draw.pick(KINDS)}")
    for number, name in enumerate(names, 1):
        dose = draw.amount(28, 0.9, 5)
        markup = draw.amount(21, 0.4, 0.5)
        rows.append(
            {
                "medicine_id": number,
                "name": name,
                "supplier_id": draw.pick(suppliers, 0.5)["supplier_id"],
                "storage_place": draw.pick(PLACES, 0.6),
                "starting_dose": dose,
                "maximum_dose": stepped(dose * draw.factor(1.5, 9.0), 10),
                "counter_markup": markup,
                "online_markup": stepped(markup * draw.factor(0.3, 1.25), 0.5),
            }
        )
    draw.blank(rows, storage_place=0.03, maximum_dose=0.04, online_markup=0.07)
    return rows


def devices(draw: Draw, suppliers: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(draw.shuffled([f"{s} {d}" for s in SORTS for d in DEVICES])[:58], 1):
        rows.append(
            {
                "device_id": number,
                "name": name,
                "supplier_id": draw.pick(suppliers, 0.8)["supplier_id"],
                "storage_place": draw.pick(PLACES[::-1], 0.5),
                "counter_markup": draw.amount(34, 0.35, 0.5),
            }
        )
    draw.blank(rows, counter_markup=0.05)
    return rows


def customers(draw: Draw) -> list[Row]:
    return [
        {"customer_id": number, "name": name, "insurer": draw.pick(INSURERS, 0.4), "prescription_count": 0}
        for number, name in enumerate(people(draw, 118), 1)
    ]


def prescriptions(draw: Draw, medicines: list[Row], customers: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 2_341):
        ordered = draw.pick(PRESCRIBED, 0.5)
        # Packs hold 14 or 12, so what is handed out seldom is what was written down.
        pack = draw.pick((14, 12))
        booked = draw.day("2019-03-01", "2023-06-25", 0.8)
        rows.append(
            {
                "prescription_id": number,
                "medicine_id": draw.pick(medicines, 0.7)["medicine_id"],
                "customer_id": draw.pick(customers, 0.6)["customer_id"],
                "branch": draw.pick(BRANCHES, 0.6),
                "ordered_quantity": ordered,
                "supplied_quantity": pack * max(1, round(ordered * draw.factor(0.4, 1.15) / pack)),
                "patient_contribution": draw.amount(6.4, 0.55, 0.1),
                "insurer_contribution": draw.amount(19, 0.85, 0.1),
                "booking_date": booked,
                "pickup_date": draw.later(booked, 1, 120, 4.0),
            }
        )
    draw.blank(rows, supplied_quantity=0.03, insurer_contribution=0.05, pickup_date=0.06)
    return rows


def deliveries(draw: Draw, suppliers: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 651):
        rows.append(
            {
                "delivery_id": number,
                "supplier_id": draw.pick(suppliers, 0.7)["supplier_id"],
                "branch": draw.pick(("Market Square", "Mill Lane", "Mill Street", "Station Road"), 0.5),
                "ordered_quantity": int(draw.amount(640, 0.8, 20)),
                "booking_date": draw.day("2019-02-01", "2023-10-30", 0.9),
            }
        )
    draw.blank(rows, branch=0.02, ordered_quantity=0.03)
    return rows


def tables(draw: Draw) -> dict[str, list[Row]]:
    supplier = suppliers(draw)
    medicine, device, customer = medicines(draw, supplier), devices(draw, supplier), customers(draw)
    prescription, delivery = prescriptions(draw, medicine, customer), deliveries(draw, supplier)
    draw.record(supplier, "medicine_count", "supplier_id", Counter(row["supplier_id"] for row in medicine), 0.8, 1.0, 4)
    draw.record(supplier, "delivery_count", "supplier_id", Counter(row["supplier_id"] for row in delivery), 0.7, 1.0, 9)
    draw.record(
        customer,
        "prescription_count",
        "customer_id",
        Counter(row["customer_id"] for row in prescription),
        0.75,
        1.0,
        12,
    )
    draw.blank(supplier, office_country=0.04, volume_discount=0.05, delivery_count=0.03)
    draw.blank(customer, insurer=0.03, prescription_count=0.04)
    return {
        "supplier": supplier,
        "medicine": medicine,
        "device": device,
        "customer": customer,
        "prescription": prescription,
        "delivery": delivery,
    }
