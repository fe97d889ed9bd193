"""Makes shop.db, a small SQLite database to try this project with; not needed with a database of your own."""

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta

FIRST, LAST = date(2025, 12, 1), date(2026, 2, 22)
ORDERS_PER_DAY = {"US": 12, "CA": 4, "MX": 2}


def main() -> None:
    """Write the table `orders`: one row per order, the same on every machine."""
    with closing(sqlite3.connect("shop.db")) as shop, shop:
        shop.execute("DROP TABLE IF EXISTS orders")
        shop.execute("CREATE TABLE orders (order_date DATE NOT NULL, country TEXT NOT NULL, amount NUMERIC NOT NULL)")
        shop.executemany("INSERT INTO orders VALUES (?, ?, ?)", orders())


def orders() -> Iterator[tuple[str, str, float]]:
    """Date, country and amount in dollars of each order."""
    chance = random.Random(2026)
    for number in range((LAST - FIRST).days + 1):
        day = FIRST + timedelta(days=number)
        for country, mean in ORDERS_PER_DAY.items():
            for _ in range(max(1, round(chance.gauss(mean, mean / 4)))):
                yield day.isoformat(), country, round(chance.uniform(20, 64) + number / 20, 2)


if __name__ == "__main__":
    main()
