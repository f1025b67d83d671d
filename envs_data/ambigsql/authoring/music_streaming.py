"""A music service: artists, their songs, talk episodes, listeners, and what was played."""

from __future__ import annotations

import math
from collections import Counter

from envs_data.ambigsql.authoring.draw import Draw, Row, listed, stepped
from envs_data.ambigsql.authoring.words import FAMILY, GIVEN

CITIES = ("Lisbon", "Accra", "Osaka", "Tallinn", "Bogotá")
LOOKS = listed(
    "Bitter|Electric|Fading|Glass|Hollow|Lunar|Midnight|Paper|Plastic|Polite|Quiet|Rusty|Silver|Slow|Velvet|Violet"
)
BEINGS = listed(
    "Antlers|Cathedrals|Cousins|Dentists|Foxes|Gardeners|Ghosts|Herons|Librarians|Lighthouses|Mondays|Neighbours|"
    "Orchestra|Pigeons|Satellites|Tigers|Élan|漢声"
)
HOOKS = listed(
    "After the Rain|All My Postcards|Apricot|Before Breakfast|Cold Tea|Don’t Call It Home|Every Other Sunday|"
    "Falling Upstairs|Half a Map|Ink|Jupiter Calling|Kerosene|Last Tram|Mañana|Never Learned to Swim|Où Es-Tu|"
    "Parachute|Rooftops|Seventeen Stairs|Static|Tangerine|Two Umbrellas|Under Glass|Windmill|Yesterday’s Shoes"
)
CUTS = ("", "", " (Reprise)", " (Live)", " (Night Mix)", " (Demo)", " (Piano)")
PRODUCERS = ("Chidi Mbeki", "Dalia Mbeki", "Magnus Lindqvist", "Saskia Lindqvist", "Noé Fontaine")
TALKS = listed(
    "A Short Life of the Banjo|Broken Strings|Drums at Dawn|Fame and Its Bills|Gig Buses|Hearing Loss|In the Booth|"
    "Karaoke Nights|Lost Tapes|Machines That Sing|On Perfect Pitch|One-Hit Towns|Rehearsal Rooms|Stage Fright|"
    "The Bass Nobody Hears|What Choirs Know|Who Owns a Chorus?|Writer’s Block"
)


def artists(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(draw.distinct(92, lambda: f"{draw.pick(LOOKS)} {draw.pick(BEINGS)}"), 1):
        home = draw.pick(CITIES, 0.5)
        royalty = draw.amount(820, 1.0, 10)
        rows.append(
            {
                "artist_id": number,
                "name": name,
                "home_city": home,
                "label_city": draw.pick([c for c in CITIES if c != home]) if draw.chance(0.86) else home,
                "stream_royalty": royalty,
                "radio_royalty": stepped(royalty * draw.factor(0.1, 1.7), 10),
                "followers": stepped(draw.amount(4_200, 1.1, 10), 10),
                "song_count": 0,
                "joined_on": draw.day("2011-03-01", "2019-12-31", 0.8),
            }
        )
    return rows


def songs(draw: Draw, artists: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number, title in enumerate(draw.distinct(138, lambda: draw.pick(HOOKS) + draw.pick(CUTS)), 1):
        recorded = draw.day("2009-01-20", "2021-06-30", 0.7)
        reach = draw.count(520, 1.0, 3)
        rows.append(
            {
                "song_id": number,
                "artist_id": draw.pick(artists, 0.25)["artist_id"],
                "title": title,
                "producer": draw.pick(PRODUCERS, 0.35),
                "length": draw.amount(3.6, 0.28, 0.1),
                "app_reach": reach,
                "web_reach": max(1, round(reach * draw.factor(0.05, 1.5))),
                "play_count": 0,
                "recording_date": recorded,
                "release_date": draw.later(recorded, 20, 1_100, 1.6),
            }
        )
    return rows


def episodes(draw: Draw, artists: list[Row]) -> list[Row]:
    rows: list[Row] = []
    titles = draw.distinct(84, lambda: f"{draw.pick(TALKS)}, Part {draw.between(1, 6)}")
    for number, title in enumerate(titles, 1):
        audience = draw.amount(1_400, 0.9, 5)
        rows.append(
            {
                "episode_id": number,
                "artist_id": draw.pick(artists, 0.3)["artist_id"],
                "title": title,
                "length": draw.amount(38, 0.4, 0.5),
                "phone_audience": int(audience),
                "desktop_audience": max(5, round(audience * draw.factor(0.05, 1.5))),
                "release_date": draw.day("2018-09-01", "2024-03-31", 0.8),
            }
        )
    draw.blank(rows, length=0.05, desktop_audience=0.04)
    return rows


def listeners(draw: Draw) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(draw.distinct(124, lambda: f"{draw.pick(GIVEN)} {draw.pick(FAMILY)}"), 1):
        gift = draw.amount(12, 0.9, 0.5)
        rows.append(
            {
                "listener_id": number,
                "name": name,
                "gift_voucher": gift,
                "refund_voucher": stepped(gift * draw.factor(0.05, 1.8), 0.25),
                "followers": draw.count(24, 1.1, 1),
                "listening_total": 0.0,
                "joined_on": draw.day("2014-01-15", "2021-12-31", 0.7),
            }
        )
    return rows


def plays(draw: Draw, songs: list[Row], listeners: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 2_261):
        song, listener = draw.pick(songs, 0.6), draw.pick(listeners, 0.45)
        share = 1.0 if draw.chance(0.55) else draw.factor(0.05, 1.0)
        volume = draw.between(3, 19) * 5
        rows.append(
            {
                "play_id": number,
                "song_id": song["song_id"],
                "listener_id": listener["listener_id"],
                "minutes": stepped(song["length"] * share, 0.25),
                "start_volume": volume,
                "end_volume": max(0, min(100, volume + 5 * draw.between(-6, 9))),
                "played_on": draw.within(
                    "2018-01-01", "2024-05-31", song["release_date"], listener["joined_on"], lean=0.8
                ),
            }
        )
    draw.blank(rows, end_volume=0.04)
    return rows


def tables(draw: Draw) -> dict[str, list[Row]]:
    artist, listener = artists(draw), listeners(draw)
    song = songs(draw, artist)
    play = plays(draw, song, listener)
    # The counters on record never forget: withdrawn songs and deleted plays stay in them.
    made, heard = Counter(row["artist_id"] for row in song), Counter(row["song_id"] for row in play)
    for row in artist:
        row["song_count"] = made[row["artist_id"]] + (0 if draw.chance(0.2) else draw.count(2.6, 0.8, 1))
    for row in song:
        row["play_count"] = heard[row["song_id"]] + (0 if draw.chance(0.15) else draw.count(6, 0.9, 1))
    for row in listener:
        own = math.fsum(p["minutes"] for p in play if p["listener_id"] == row["listener_id"])
        row["listening_total"] = own + (0 if draw.chance(0.15) else draw.amount(14, 0.9, 0.25))
    draw.blank(artist, label_city=0.04, radio_royalty=0.07, followers=0.02)
    draw.blank(song, producer=0.03, web_reach=0.05, release_date=0.02)
    draw.blank(listener, refund_voucher=0.08, followers=0.03)
    return {"artist": artist, "song": song, "episode": episodes(draw, artist), "listener": listener, "play": play}
