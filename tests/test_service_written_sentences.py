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
LICENCES = "GPL is ok for internal use. MIT is fine everywhere."
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
OVEN = (
    "Heat the oven to 350 °F and bake for 45 minutes. Let it cool to −18 °C within 2 hours. "
    "The dough weighs 1.5 kg and holds 250 ml of milk."
)
LINK = (
    "The link runs at 100 Mbit/s. Each page is 4 KiB and the cache holds 64 GB. The log keeps 500 MB per day. "
    "Timeout is 30 s, retry after 250 ms."
)
NEEDS = "Python 3.12 and Node.js 18 are needed. v2.0.0-rc1 is unstable. Java 8 is no longer supported, TLS 1.2 is."
WAY = (
    "Turn left at the church and go up the hill for 3 miles. The hotel is north-east of the station, on the right bank. "
    "The speed limit is 50 mph. Smoking is banned indoors."
)
DOSE = "Take 200 mg twice a day, at least 4 hours apart. Patients under 12 must not take more than 400 mg daily."
CALL = "The call starts at 09:00 UTC on 5 March 2024 and ends at 10:30. Submissions close on 31 December at 23:59 CET."
PLOT = "The room is 2.7 m high and has 24 m². The tank holds 1,200 litres. The plot covers 2 hectares."
SALES = (
    "Two thirds of the staff voted. The rate fell from 5.5% to 4.75%. Sales rose by a quarter to 1.2 million units. "
    "The lift is on the second floor. The tenant pays £1,200 a year, and the cleaner monthly."
)
FILES = "It writes to /var/log/app.log. Run npm install --save-dev. Press Cmd+Shift+P to open the palette."

WRONG = [
    # What is allowed, and is said to be forbidden
    (LICENCES, "GPL is not allowed for internal use."),
    (LICENCES, "MIT is forbidden everywhere."),
    # Units with prefixes, rates, and how often
    (OVEN, "Heat the oven to 350 °C."),
    (OVEN, "Let it cool to 18 °C within 2 hours."),
    (OVEN, "The dough holds 250 cl of milk."),
    (OVEN, "The dough holds 250 l of milk."),
    (LINK, "The link runs at 100 MB/s."),
    (LINK, "The link runs at 100 Mbit/min."),
    (LINK, "The link runs at 100 Mbit."),
    (LINK, "The log keeps 500 MB weekly."),
    (LINK, "Timeout is 30 ms."),
    (WAY, "The speed limit is 50 km/h."),
    (WAY, "The speed limit is 50 miles a minute."),
    (DOSE, "Take 200 mg once a day."),
    (DOSE, "Take 200 mg three times a day."),
    (DOSE, "Take 200 mg twice a week."),
    (DOSE, "Patients under 12 must not take more than 400 mg weekly."),
    (SALES, "The tenant pays £1,200 monthly."),
    (SALES, "The tenant pays the cleaner weekly."),
    (PLOT, "The room has 24 m."),
    (PLOT, "The room has 24 sq ft."),
    (PLOT, "The plot covers 2 km²."),
    # Fractions, places in an order, and what became of what
    (SALES, "Two fifths of the staff voted."),
    (SALES, "A third of the staff voted."),
    (SALES, "Half of the staff voted."),
    (SALES, "Sales rose by half to 1.2 million units."),
    (SALES, "The rate fell from 4.75% to 5.5%."),
    (SALES, "The rate rose from 5.5% to 4.75%."),
    (SALES, "The lift is on the third floor."),
    (SALES, "The lift is on the 1st floor."),
    # Time zones
    (CALL, "The call starts at 09:00 CET on 5 March 2024."),
    (CALL, "Submissions close at 23:59 UTC."),
    # Where to
    (WAY, "Turn right at the church."),
    (WAY, "Go down the hill for 3 miles."),
    (WAY, "The hotel is southeast of the station."),
    (WAY, "The hotel is on the left bank."),
    (WAY, "Smoking is banned outdoors."),
    # Numbers of something else, paths and options
    (NEEDS, "Node.js 8 is needed."),
    (NEEDS, "Java 18 is no longer supported."),
    (NEEDS, "v2.0.0-rc2 is unstable."),
    (FILES, "It writes to /var/lib/app.log."),
    (FILES, "Run npm install --save-prod."),
    (FILES, "Run npm install --save."),
    (FILES, "Run npm install -g."),
    (FILES, "Press Ctrl+Shift+P to open the palette."),
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
    (OVEN, "Let it cool to minus 18 °C within 120 minutes."),
    (OVEN, "Bake for three quarters of an hour."),
    (OVEN, "The dough holds 0.25 litres of milk."),
    (OVEN, "The dough holds 25 cl of milk."),
    (LINK, "The link runs at 100 Mbps."),
    (LINK, "The link runs at 100 megabits per second."),
    (LINK, "The log keeps 500 MB daily."),
    (LINK, "Timeout is 30 seconds."),
    (LINK, "Timeout is half a minute."),
    (LINK, "It retries after 0.25 s."),
    (NEEDS, "Node.js 18 and Python 3.12 are needed."),
    (WAY, "The speed limit is 50 miles an hour."),
    (WAY, "The hotel is north east of the station."),
    (WAY, "Smoking is not allowed indoors."),
    (DOSE, "Take 0.2 g two times a day."),
    (DOSE, "Take 200 milligrams twice daily."),
    (DOSE, "Patients under 12 must not take over 400 mg a day."),
    (CALL, "The call starts at 9:00 GMT on March 5, 2024."),
    (CALL, "The call starts at 9 am UTC and ends at 10:30."),
    (PLOT, "The room has 24 sq m."),
    (PLOT, "The room has 24 square metres."),
    (PLOT, "The room is 270 cm high."),
    (PLOT, "The tank holds 1.2 m³."),
    (PLOT, "The plot covers 20,000 m²."),
    (SALES, "Two-thirds of the staff voted."),
    (SALES, "2/3 of the staff voted."),
    (SALES, "Sales rose by 25% to 1,200,000 units."),
    (SALES, "Sales rose by one quarter."),
    (SALES, "The lift is on the 2nd floor."),
    (SALES, "The tenant pays £1,200/yr."),
    (SALES, "The tenant pays 1200 pounds per annum."),
    (FILES, "Use `npm install --save-dev`."),
    (FILES, "The log is /var/log/app.log."),
    (FILES, "Press Command+Shift+P to open the palette."),
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
