"""What connectors of APIs that answer JSON have in common.

Belongs here: trips to an API and what comes of them (`trips`), a source over one (`source`), how answers go on
(`keys`, `paging`), what is found in them (`expressions`), the words for times (`times`), and what every vendor's
connector is made of (`vendors`). Does not: HTTP (`connectors.http`), or what one API is asked (each connector).
"""
