"""Words of a unit as the agreement features see them: folded case, light stems, one name a drug.

Deliberately small: no dictionary decides a verdict here.  The features only tell the network where two texts
agree literally, which a small encoder is bad at seeing (numbers, doses, negation).
"""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["SAME_WORD", "STOPWORDS", "is_number", "stem", "words"]

_WORD = re.compile(r"\d+(?:[.,:/]\d+)*%?|[^\W\d_]+(?:['’][^\W\d_]+)?", re.UNICODE)

STOPWORDS = frozenset(
    "a an the and or but if then than that this these those there here it its he she him her his hers they them "
    "their i me my we us our you your yours who whom which what when where why how is am are was were be been being "
    "do does did done doing have has had having will would shall should can could may might must of in on at to from "
    "for with by as into about over under up down out off so too very just also only more most much many some any "
    "each every both all such own same s t d ll m re ve let get got go going please well still yet again now".split()
)

# Different words for one thing that occur in replies to patients; both sides are folded to the second.
SAME_WORD = {
    "tylenol": "acetaminophen", "paracetamol": "acetaminophen", "advil": "ibuprofen", "motrin": "ibuprofen",
    "aleve": "naproxen", "lipitor": "atorvastatin", "crestor": "rosuvastatin", "zocor": "simvastatin",
    "lasix": "furosemide", "zoloft": "sertraline", "lexapro": "escitalopram", "cipralex": "escitalopram",
    "prozac": "fluoxetine", "wellbutrin": "bupropion", "synthroid": "levothyroxine", "glucophage": "metformin",
    "prilosec": "omeprazole", "nexium": "esomeprazole", "pepcid": "famotidine", "benadryl": "diphenhydramine",
    "claritin": "loratadine", "zyrtec": "cetirizine", "allegra": "fexofenadine", "flonase": "fluticasone",
    "xanax": "alprazolam", "ativan": "lorazepam", "klonopin": "clonazepam", "ambien": "zolpidem",
    "coumadin": "warfarin", "eliquis": "apixaban", "xarelto": "rivaroxaban", "plavix": "clopidogrel",
    "norvasc": "amlodipine", "zestril": "lisinopril", "prinivil": "lisinopril", "cozaar": "losartan",
    "diovan": "valsartan", "ozempic": "semaglutide", "wegovy": "semaglutide", "mounjaro": "tirzepatide",
    "singulair": "montelukast", "ventolin": "albuterol", "salbutamol": "albuterol", "proair": "albuterol",
    "zofran": "ondansetron", "imodium": "loperamide", "valtrex": "valacyclovir", "augmentin": "amoxicillin",
    "physician": "doctor", "clinician": "doctor", "provider": "doctor", "er": "emergency", "ed": "emergency",
    "911": "emergency", "ambulance": "emergency", "appointment": "visit", "labs": "test", "lab": "test",
    "bloodwork": "test", "tests": "test", "testing": "test", "medication": "medicine", "medications": "medicine",
    "med": "medicine", "meds": "medicine", "medicines": "medicine", "drug": "medicine", "tablet": "pill",
    "tablets": "pill", "pills": "pill", "capsule": "pill", "stomach": "abdomen", "belly": "abdomen",
    "abdominal": "abdomen", "bp": "pressure", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5",
    "six": "6", "seven": "7", "eight": "8", "nine": "9", "ten": "10", "twelve": "12", "twice": "2", "once": "1",
    "diarrhoea": "diarrhea", "oedema": "edema", "anaemia": "anemia", "haemoglobin": "hemoglobin",
}  # fmt: skip

_SUFFIXES = ("ations", "ation", "ments", "ment", "ingly", "edly", "iness", "ings", "ness", "ing", "ies", "ied",
             "ers", "est", "ely", "ed", "er", "es", "ly", "al", "y", "e", "s")  # fmt: skip


def is_number(word: str) -> bool:
    """Whether a word of `words` starts with a digit.

    >>> is_number("0.5"), is_number("mg")
    (True, False)
    """
    return word[:1].isdigit()


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """A light stem: one suffix off, never below three letters; synonyms of `SAME_WORD` folded first.

    >>> stem("swelling") == stem("swells"), stem("Tylenol") == stem("acetaminophen"), stem("two")
    (True, True, '2')
    """
    word = word.lower().replace("’", "'")
    word = SAME_WORD.get(word, word)
    if is_number(word):
        return word.replace(",", "")
    word = word.removesuffix("'s")
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            word = word.removesuffix(suffix)
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiouls":
        word = word[:-1]
    return word


def words(text: str) -> list[str]:
    """Words and numbers of `text` in order, as written.

    >>> words("Don't take 0.5 mg at 8:30!")
    ["Don't", 'take', '0.5', 'mg', 'at', '8:30']
    """
    return _WORD.findall(text)
