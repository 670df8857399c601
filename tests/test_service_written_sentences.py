"""A sentence with another version, unit, key, name, day or currency than its source is stopped; another notation is not."""

from datetime import date

import pytest

from service.answer.verification.claims import Source, contradicted, missing

GATE = (
    "Version 3.1 was released in May 2023 and added the card reader. The server of the gate weighs 5 kg and runs at up to "
    "40 °C. It is 30 km from the depot. Press Ctrl+C to stop the gate program."
)
FEES = (
    "A berth for one night costs 31 €. Water costs 1,20 € for a hundred litres. "
    "A card costs CHF 31. Parking is free of charge."
)
QUAY = "The new quay cost €1.234.567 according to the city."
HOURS = "The office is open on Mondays from 9 to 17 and closed on Sundays. The gate closes at 22:30."
PARTS = (
    "Pump BX-100 needs 12 V and follows ISO 9001. "
    "Settings are in config.yaml; PEP 669 is not used. Build 4.2.1 is current."
)
STAFF = (
    "Ann Kowalski has been harbour master since 2019. "
    "Her deputy Piet Janssen earns $4,500 per month and has 25 days of leave."
)
RULES = (
    "Dogs are not allowed on the pier. Visitors must register before noon. "
    "Fees rose by 5% in 2024. The minimum age is 16."
)
POWER = "The plant gives 835 megawatts and needs 2.9 watt-hours a request. It has 5 boats and 7 people."
PIER = (
    "Boats usually moor at the north quay. Some skippers may stay overnight, and guests should wear a life jacket. "
    "The eastern gate is probably rebuilt next year. Most berths are partly covered."
)
BOOK = "Crews must sign the book of every harbour."

WRONG = [
    # How surely, how often, how many, and where
    (PIER, "Boats always moor at the north quay."),
    (PIER, "Boats rarely moor at the north quay."),
    (PIER, "Boats usually moor at the south quay."),
    (PIER, "All skippers may stay overnight."),
    (PIER, "Some skippers must stay overnight."),
    (PIER, "Some skippers will stay overnight."),
    (PIER, "Guests must wear a life jacket."),
    (PIER, "The western gate is probably rebuilt next year."),
    (PIER, "The eastern gate is certainly rebuilt next year."),
    (PIER, "Every berth is partly covered."),
    (PIER, "Most berths are fully covered."),
    (BOOK, "Crews may sign the book of every harbour."),
    (BOOK, "Crews must sign the book of some harbours."),
    # Versions and other codes
    (GATE, "Version 3.10 was released in May 2023."),
    (GATE, "Version 3.2 was released in May 2023."),
    (GATE, "Version 31 was released in May 2023."),
    (PARTS, "Build 4.2.10 is current."),
    (PARTS, "Build 4.2 is current."),
    (PARTS, "Pump CX-100 needs 12 V."),
    (PARTS, "Pump BX-1000 needs 12 V."),
    (PARTS, "The pump follows ISO 9002."),
    (PARTS, "The pump follows IEC 9001."),
    (PARTS, "PEP 696 is not used."),
    (PARTS, "Settings are in config.json."),
    (PARTS, "Settings are in setup.yaml."),
    # Keys
    (GATE, "Press Ctrl+X to stop the gate program."),
    (GATE, "Press Alt+C to stop the gate program."),
    (GATE, "Press Ctrl+Shift+C to stop the gate program."),
    # Units
    (GATE, "The server of the gate weighs 5 lb."),
    (GATE, "The server of the gate weighs 5 grams."),
    (GATE, "The server of the gate weighs 5 tonnes."),
    (GATE, "The server of the gate runs at up to 40 °F."),
    (GATE, "The server runs at up to 40 degrees Fahrenheit."),
    (GATE, "The server runs at up to -40 °C."),
    (GATE, "It is 30 miles from the depot."),
    (GATE, "It is 30 metres from the depot."),
    (GATE, "It is 30 minutes from the depot."),
    (PARTS, "Pump BX-100 needs 12 W."),
    (PARTS, "Pump BX-100 needs 12 kV."),
    (POWER, "The plant gives 835 gigawatts."),
    (POWER, "The plant gives 835 MWh."),
    (POWER, "A request needs 2.9 kWh."),
    (FEES, "Water costs €1.20 for a hundred gallons."),
    (STAFF, "Piet Janssen has 25 weeks of leave."),
    (STAFF, "Piet Janssen has 25 hours of leave."),
    # Sums and currencies
    (FEES, "A berth costs $31 for one night."),
    (FEES, "A berth for one night costs €13."),
    (FEES, "A card costs 31 dollars."),
    (FEES, "Water costs €120 for a hundred litres."),
    (FEES, "Water costs €12 for a hundred litres."),
    (FEES, "Parking costs €5."),
    (QUAY, "The new quay cost €1.234."),
    (QUAY, "The new quay cost €1,234,576."),
    (QUAY, "The new quay cost €1.234 billion."),
    (QUAY, "The new quay cost $1,234,567."),
    (STAFF, "Piet Janssen earns $4,500 per year."),
    (STAFF, "Piet Janssen earns $4.50 per month."),
    (RULES, "Fees rose by 50% in 2024."),
    (RULES, "Fees rose by 5 euros in 2024."),
    # Days and times
    (GATE, "Version 3.1 was released in March 2023."),
    (GATE, "Version 3.1 was released in May 2022."),
    (GATE, "Version 3.1 was released on 4 May 2023."),
    (HOURS, "The office is open on Tuesdays."),
    (HOURS, "The office closes at 18:00."),
    (HOURS, "The gate closes at 10:30 am."),
    (HOURS, "The gate closes at midnight."),
    (RULES, "Visitors must register before midnight."),
    (STAFF, "Ann Kowalski has been harbour master since 2018."),
    # Names, and numbers of something else
    (STAFF, "Anna Nowak has been harbour master since 2019."),
    (STAFF, "Her deputy is Piet Mulder."),
    (STAFF, "The harbour master of Oldport is Ann Kowalski."),
    (POWER, "It has 7 boats."),
    # The opposite
    (RULES, "Dogs are allowed on the pier."),
    (RULES, "Visitors need not register before noon."),
    (RULES, "Visitors must register after noon."),
    (RULES, "Fees fell by 5% in 2024."),
    (RULES, "The maximum age is 16."),
    (PARTS, "PEP 669 is used."),
]
TRUE = [
    (PIER, "Boats mostly moor at the north quay."),
    (PIER, "Some skippers can stay overnight."),
    (PIER, "The eastern gate is likely rebuilt next year."),
    (PIER, "Guests ought to wear a life jacket."),
    (PIER, "Usually, boats moor at the northern quay."),
    (PIER, "Skippers stay overnight."),
    (GATE, "Version 3.1 was released in May 2023."),
    (GATE, "v3.1 came out in May 2023."),
    (GATE, "The server weighs 5 kilograms."),
    (GATE, "The server weighs 5,000 g."),
    (GATE, "The server runs at up to 40 degrees Celsius."),
    (GATE, "The server runs at up to 40°C."),
    (GATE, "It is 30 kilometres from the depot."),
    (GATE, "It is thirty kilometers from the depot."),
    (GATE, "Press Ctrl-C to stop the gate program."),
    (GATE, "Press ctrl + C to stop the gate program."),
    (FEES, "A berth for one night costs €31."),
    (FEES, "A berth costs 31 euros a night."),
    (FEES, "A berth costs EUR 31."),
    (FEES, "A card costs 31 francs."),
    (FEES, "A card costs 31 CHF."),
    (FEES, "Water costs €1.20 for 100 litres."),
    (FEES, "Water costs EUR 1.20 for one hundred liters."),
    (FEES, "Parking is free."),
    (FEES, "Parking costs €0."),
    (FEES, "There is no charge for parking."),
    (QUAY, "The new quay cost €1,234,567."),
    (QUAY, "The new quay cost 1 234 567 euros."),
    (QUAY, "The new quay cost about €1.2 million."),
    (HOURS, "The office is open from 9 am to 5 pm on Monday."),
    (HOURS, "The office is open from 09:00 to 17:00 on Mondays."),
    (HOURS, "The gate closes at 10:30 pm."),
    (PARTS, "The BX 100 pump needs 12 volts."),
    (PARTS, "The pump BX-100 follows ISO-9001."),
    (STAFF, "Kowalski has been harbour master since 2019."),
    (STAFF, "Piet Janssen earns 4500 dollars a month."),
    (STAFF, "Piet Janssen has twenty-five days of leave."),
    (RULES, "Visitors must register before 12:00."),
    (RULES, "Dogs are forbidden on the pier."),
    (RULES, "Fees increased by 5 percent in 2024."),
    (POWER, "The plant gives 835 MW."),
    (POWER, "The plant gives 0.835 GW."),
    (POWER, "A request needs 2.9 Wh."),
    (POWER, "It has five boats and seven people."),
]


def passes(words: str, source: str) -> bool:
    quoted = Source((source,), ("The harbour",), (date(2024, 6, 1),))
    return not missing(words, quoted) and not contradicted(words, quoted)


@pytest.mark.parametrize(("source", "words"), WRONG)
def test_what_the_source_does_not_say_is_stopped(source: str, words: str) -> None:
    assert not passes(words, source)


@pytest.mark.parametrize(("source", "words"), TRUE)
def test_what_the_source_says_in_another_notation_passes(source: str, words: str) -> None:
    assert passes(words, source)
