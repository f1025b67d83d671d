"""Names of people for the bundled databases: invented pairs of common given and family names."""

from __future__ import annotations

from envs_data.ambigsql.authoring.draw import Draw, listed

GIVEN = listed(
    "Ada|Amélie|Anouk|Bashir|Beatriz|Benedikt|Carmen|Chidi|Chloé|Conor|Dalia|Darius|Désirée|Edith|Elif|Emeka|"
    "Farah|Felix|Fiona|Goran|Greta|Hana|Hugo|Ines|Ivar|Jamal|Joanna|Jonas|José|Kaito|Keiko|Lara|Leila|Magnus|"
    "Maya|Mei|Mirko|Nadia|Noé|Olga|Omar|Priya|Quentin|Rania|René|Ruben|Saskia|Selma|Tariq|Teresa|Tomás|Ursula|"
    "Viktor|Wanda|Xavier|Yara|Yusuf|Zoë"
)
FAMILY = listed(
    "Abara|Achterberg|Almeida|Andersen|Baptiste|Bauer|Bellweather|Bianchi|Brandão|Castellano|Chaudhry|D’Angelo|"
    "D’Souza|Delacroix|Dvořák|Eriksen|Farouk|Ferreira|Fontaine|García|Gruber|Haddad|Harrow|Hellström|Ibarra|Ito|"
    "Jankowski|Kaplan|Keller|Kowalczyk|Lefèvre|Lindqvist|Marchetti|Mbeki|Moreau|Nakamura|Novak|O’Brien|O’Neill|"
    "Okafor|Okonkwo|Park|Petrov|Pham|Quispe|Rahman|Ramírez|Rossi|Sato|Schäfer|Silva|Sørensen|Tanaka|Tembo|Ueda|"
    "Varga|Virtanen|Weiss|Yilmaz|Zhang|漢那"
)


def people(draw: Draw, how_many: int, title: str = "") -> list[str]:
    """Different full names, each after ``title`` where there is one."""
    return draw.distinct(how_many, lambda: f"{title} {draw.pick(GIVEN)} {draw.pick(FAMILY)}".strip())
