"""The outside systems of a bureau, played over HTTP only: for demo, story and tests.

ZM, EM, CRM, the order centre and the bank as one separate process. It opens no database and knows
of Kedang nothing but two doors: the signed webhooks it gets and the API it reports to.
"""
