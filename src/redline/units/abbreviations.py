"""Words whose full stop does not end a sentence, as they occur in replies to patients."""

from __future__ import annotations

__all__ = ["ABBREVIATIONS", "LETTER_NAMES", "NEVER_LAST", "SHORT_WORDS", "TIME_FOLLOWERS"]

# Followed by a name or a number: never the last word of a sentence.
NEVER_LAST = frozenset(
    "dr drs mr mrs ms mx prof rev hon st ste fr gen sgt capt lt no nos nr fig figs vol ch pp vs cf e.g i.e eg ie "
    "approx ca viz al".split()
)

# May end a sentence, so they only hold it together when a lower-case word or a digit follows.
ABBREVIATIONS = frozenset(
    "etc inc ltd co corp dept est ext jr sr ave blvd rd jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues "
    "wed thu thur thurs fri sat sun hr hrs min mins sec wk wks mo mos yr yrs mg mcg ml kg lb lbs oz tab tabs cap caps "
    "tbsp tsp pt pts appt appts rx dx tx hx sx bid tid qid qd qhs prn po max avg temp tel ph.d m.d r.n a.m p.m u.s "
    "b.i.d t.i.d q.i.d q.d q.h.s p.r.n p.o h.s a.c p.c d.o n.p p.a".split()
)

# "vitamin D." and "hepatitis B." end sentences, although a single capital usually is an initial.
LETTER_NAMES = frozenset(
    "vitamin vitamins hepatitis type group grade stage class part plan influenza flu strep omega factor option "
    "protein troponin phase schedule category panel a b c d i".split()
)

# "at 8 a.m. Monday" goes on; "at 8 a.m. Take ..." does not.
TIME_FOLLOWERS = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august "
    "september october november december et ct mt pt est edt cst cdt mst mdt pst pdt gmt utc".split()
)

# Two-letter words that do end sentences written without capitals ("take it. then call").
SHORT_WORDS = frozenset("it me us up so do go to in on is be by at we he ok".split())
