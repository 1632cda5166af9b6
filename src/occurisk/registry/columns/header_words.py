"""What a column's name says: words of many languages for codes, occupations, jobs, pay and the rest."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

# A star stands for any letters, `_` for what parts two words. English, Russian, Ukrainian, Kazakh, Spanish,
# Portuguese, French, Italian, German, Dutch, Polish, Czech, Turkish and Nordic words; accents and case do not
# matter.
_OCCUPATION = """
        occupation* occup occ profession* prof job jobs trade vocation* position* post професс* професі*
        должност* посад* занят* занятт* специальност* мамандық* мамандығы* кәсіп* кәсіб* лауазым*
        ocupacion* ocupati* ocupaca* ocupado profesion* profissa* profissao puesto cargo oficio emploi metier*
        poste fonction* professione* occupazione* mestiere beruf* tatigkeit* beroep* zawod* zawodu
        unitgroup stanowisk* povolani* profes* meslek* mesleg* yrke* erhverv* ammatti* foglalkozas* ocup*
        mainjob mainocc
        επαγγελμα* مهنة* المهنة* شغل* 职业* 職業* 직업* 직종* nghe pekerjaan* jabatan* amet ameti* zanimanj*
        длъжност* პროფესი* մասնագիտ* kasb* מקצוע*"""
_CODE = """
        code codes cod kod kodu codigo* codice* classif* classification* klass* kod* schlussel nummer
        код* шифр* klasifikace cdd cve clave kodi коды kood* koodi sifra* sifr* κωδικ* კოდ* կոդ* رمز* كود* کد
        קוד* 代码* 代碼* 编码* コード* 코드* รหัส* ma कोड*"""
# Names that say nothing, as columns without a name would have; numbers and single letters do not, either.
_NEUTRAL = """
        value* val variable* var vars col cols column* field* data item* answer* response* text string char
        group* grp key keys main list level f v x ответ* значени* поле столб* перемен* показател* мән* wert*
        valor* valeur* wartosc* deger* unnamed none null num digit* d dig raw orig* recod* rec new old"""
# Names of coding systems, and the systems of ours that they may mean.
_SYSTEMS = {
    "iscoco": ("isco88",), "isco": ("isco08", "isco88"), "iscogroup": ("isco08", "isco88"),
    "ciuo": ("isco08", "isco88"), "citp": ("isco08", "isco88"), "cito": ("isco08", "isco88"),
    "мскз": ("isco08", "isco88"),
    "oc1": ("isco08", "isco88"), "oc2": ("isco08", "isco88"), "esco": ("isco08",), "окз": ("isco08",),
    "okz": ("isco08",), "ssyk": ("isco08",), "styrk": ("isco08",), "disco": ("isco08",), "psoc": ("isco08",),
    "kbji": ("isco08",), "kzis": ("isco08",), "nco": ("isco08",),
    "кп": ("isco88", "isco08"),
    "нкз": ("nkrk", "isco08"), "nkz": ("nkrk", "isco08"), "nkrk": ("nkrk", "isco08"),
    "нкрк": ("nkrk", "isco08"),
    "soc": ("soc2010", "soc2018", "onetsoc"), "onet": ("onetsoc", "soc2010", "soc2018"),
    "onetsoc": ("onetsoc", "soc2010", "soc2018"),
    **dict.fromkeys(("census", "occp", "peio1ocd", "peio2ocd", "ptio1ocd"), ("census2010", "census2018")),
}  # fmt: skip
# National classifications that are not built on ISCO-08, or only partly: their names speak against ISCO.
FOREIGN = {
    "cno": "the CNO of Argentina, Peru or Spain", "sinco": "Mexico's SINCO", "cmo": "Mexico's CMO",
    "kldb": "Germany's KldB", "klassifikation": "Germany's KldB", "uksoc": "the SOC of the United Kingdom",
    "anzsco": "Australia's ANZSCO", "osca": "Australia's OSCA", "noc": "Canada's NOC", "cnp": "Canada's NOC",
    "pcs": "France's PCS", "cs": "France's PCS", "rome": "France's ROME", "cbo": "Brazil's CBO",
    "cp2011": "Italy's CP2011", "cp": "Italy's CP2011", "окпдтр": "Russia's ОКПДТР",
    "okpdtr": "Russia's ОКПДТР", "okpdt": "Russia's ОКПДТР", "cota": "Brazil's or Costa Rica's COTA",
    "jsco": "Japan's JSCO", "ksco": "Korea's KSCO", "feor": "Hungary's FEOR",
    "occ1990": "US Census 1990 codes",
    "occ1990dd": "US Census 1990 codes (dd)", "occ1950": "US Census 1950 codes",
}  # fmt: skip
# Jobs, those who hold them and how many they are, by what their words tell of a column; each word once.
# Of a word for people it is the form that counts them: `сотрудников`, not `сотрудник`, who may have an id.
JOBS = {
    # Jobs in whatever heading; alone, of a person, a status: 1 employed, 2 not.
    "employed": """
        employment employed employees занятых занятые занято занятости занятость заинятих заиняті
        заинятість жұмыспен* ocupados ocupadas ocupada personal_ocupado pessoal_ocupado empleados
        empleadas empregados empregadas occupati beschaftigt* erwerbstatig* pracujacy pracujacych zatrudnion*
        tyollis* sysselsat* anstallda ansatte ansatt istihdam* foglalkoztatott* zamestnani zamestnanost
        zamestnanych zamestnanci zamestnancu zamestnancov απασχολουμεν* დასაქმებულ* 就業者* 취업자*""",
    # Jobs in whatever heading.
    "workers": """
        jobs workers headcount head_count workforce численност* работников работники сотрудников
        сотрудники працівників працівники рабочих_мест тыс_чел* млн_чел* штатных_единиц қызметкерлер*
        жұмыскерлер* effectif* emplois trabajadores trabajadoras trabalhadores trabalhadoras addetti
        lavoratori lavoratrici mitarbeiter mitarbeitende* mitarbeiterzahl calisan calisanlar* pekerja
        emploi_milliers emploi_en_milliers""",
    # Jobs where they begin or end a heading: `число …`, `… саны`.
    "counting": """
        количеств* число кол_во liczba* numar* broj* pocet* letszam* so_nguoi so_luong عدد* 인원* саны
        sayisi""",
    # Jobs where a name says nothing else.
    "alone": """
        emp n number count counts freq frequency persons people чел человек anzahl antal antall aantal
        maara lkm jumlah personas pessoas personnes persone personen osob osoba osoby kisi 人数 人員*""",
    "figure": "obs_value",
    "weights": """
        *weight* wgt wt pweight perwt fwt wtfinl pwgtp asecwt earnwt pwsswgt pwcmpwgt pworwgt *wght factor
        factor_expansion factor_de_expansion fexp* fac_tri peso ponder* gewicht* poids вес вага coeff
        coeffy coeffq coeffm spfwt0 expr expc v1028 v1032""",
    # People and places for them, but not jobs that are held.
    "others": """
        employ* worker staff vacanc* openings population obs value кол работник* сан адам* вакан* штат*
        ставк* единиц* salaries pracownik* sayi""",
}
# What else a column may hold, most telling first.
_OTHER = {
    "pay": """
        salary salaries wage wages pay paid income earning* earn compensation remuneration amount price
        cost bonus sum tax revenue usd eur kzt rub tenge fee median_wage a_mean h_mean оклад* зарплат*
        зарабат* заработ* плат* доход* сумм* стоимост* цен* преми* выплат* руб тенге жалақы* еңбекақы*
        табыс* salario* sueldo* ingreso* remuneraca* renda* valor salaire* revenu* remuneration* montant
        stipendio* reddito* retribuzione* gehalt* lohn* einkommen* verdienst* entgelt salaris loon
        wynagrodzen* placa pensja zarobk* dochod* mzda plat maas ucret* gelir* kwota зарплатня дохід*
        lon lonn""",
    "years": "year* yr jahr* год* году рік року жыл* ano anos annee* anno rok lata yil* aar ar",
    "dates": """
        date* datum data fecha day days month* quarter* period* time tarih дата* день месяц* квартал*
        период* күні күн ай mes mois monat* miesiac* start end hired birth* рожд* начал* оконч* окончан*
        приём* прием*""",
    "ages": "age ages alter возраст* вік* жасы edad idade wiek yas eta leeftijd",
    "numbers of people, rows or things": """
        id ids uid uuid guid key index idx row rownum seq serial number numero nr no num № n ин иин бин
        инн снилс табельн* таб номер* порядков* нөмір* identifier* respondent* hh hhid person pid record
        ref contract* договор* passport* паспорт* ssn dni cpf nif curp rfc pesel matricula matricule nip
        nummer""",
    "telephone numbers": """
        phone* tel extension ext mobile fax добавочн* телефон* тел моб telefon* telefono* celular contact*""",
    "postcodes": "zip postcode* postal* plz индекс* cep postleitzahl* pin pincode",
    "places": """
        room rooms кабинет* комнат* бөлме* аудитори*
        region* area areas country countries state states province* city cities county district* municip*
        geo fips location* place* territor* kato като окато октмо област* район* город* страна*
        регион* аймақ* облыс* departamento comune comuna estado municipio pays land kreis woje* gmina
        powiat il ilce nuts branch* филиал* address адрес*""",
    "units of an organisation": """
        unit units department* dept подразделен* отдел* цех* бөлім* abteilung* unidad* dipartiment*
        reparto* wydzial* oddzial* dzial* birim* afdeling* avdelning*""",
    "industries": """
        industry industr* sector* naics isic nace sic okved оквэд отрасл* сектор* вид_деятельност* ветвь
        cnae ciiu scian caed actividad* atividade* branche* wirtschaft* pkd sektor* company employer*
        firm organi* предприят* организац* работодател* ұйым* экономик*""",
    "education": """
        education* educ edu isced degree school* образован* білім* educacion escolar* bildung* wyksz*""",
    "hours": "hour* hrs час* часов сағат* horas heures stunden godzin* saat",
    "shares and rates": """
        percent* pct share* rate* ratio prop proportion* perc процент* доля доли долю долей удельн* үлес*
        пайыз* porcentaje* parte taux anteil* prozent* procent* udzial* oran yuzde rse prse se error quotient
        loc_q per""",
    "figures of change": """
        change* growth diff difference increase decrease прирост* измен* өсім* variac* croissance
        wachstum zmian* index score rank ranking rating* balance*""",
    "counts of people": " ".join(JOBS.values()),
    "sexes": "sex gender пол стать жыныс* sexo sexe geschlecht plec cinsiyet",
    "grades": """
        grade level tier class category categor* разряд* категор* уровен* клас* деңгей rank stufe skill*""",
    "products, goods or accounts": "product* item sku article* артикул* товар* счет* account* budget* hs тн",
    "vehicles, orders or things with numbers": """
        flight* рейс* bus automobil* vehicle* plate* licen* order* заказ* invoice* накладн* ticket* билет*
        gate seat locker table shelf полк* lot batch парти* tariff* тариф* гост стать* paragraph*
        квартир* apartment* marke rue zimmer kolli iban bic swift""",
}


def fold(text: str) -> str:
    """Fold case and drop accents, in every script alike."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in folded if not unicodedata.combining(c)).replace("ß", "ss").replace("ı", "i")


def words(name: str) -> tuple[str, ...]:
    """Return the words of a column's name: `OCC2010` -> occ 2010, `iscoGroup` -> isco group."""
    text = re.sub(r"o\*?[.\s_-]?net\b", "onet ", name, flags=re.I)
    text = re.sub(r"нк[\s_-]*рк", "нкрк ", text, flags=re.I)
    text = re.sub(_UNIT_GROUP, "unitgroup ", text, flags=re.I)
    text = re.sub(r"(?<=[a-zа-яё])(?=[A-ZА-ЯЁ])", " ", text)
    parts: list[str] = []
    for part in re.findall(r"[^\W_]+|№", fold(text)):
        parts += [part] if part in _WHOLE else re.findall(r"\d+|[^\W\d_]+|№", part)
    return tuple(word for part in parts for word in _parted(part))


def _parted(word: str) -> tuple[str, ...]:
    """Part `jobcode`, `iscokod`, not `postcode`: the first word must be of occupations, or a system."""
    glued = re.fullmatch(r"(\w{2,})(code|kod|kodu)", word)
    if glued and word != "postcode" and (glued[1] in _SYSTEM_WORDS or _names_occupations((glued[1],))):
        return glued[1], "code"
    return (word,)


def any_of(text: str, *, between: str = "_", letters: str = "[^_]*") -> str:
    """Return an expression for any of these words.

    Parameters
    ----------
    text : str
        Words as above.
    between, letters : str
        What stands between two words, and for a star: of words joined by `_` by default.
    """
    entries = (fold(entry).replace("*", letters).replace("_", between) for entry in text.split())
    return f"(?:{'|'.join(entries)})"


def _among(text: str) -> Callable[[tuple[str, ...]], bool]:
    """Return a test whether any of these words is among the words of a name."""
    found = re.compile(f"(?:^|_){any_of(text)}(?:_|$)")
    return lambda tokens: found.search("_".join(tokens)) is not None


_WHOLE = {
    "spfwt0",
    "v1028",
    "v1032",
    "peio1ocd",
    "peio2ocd",
    "ptio1ocd",
    "occ1990dd",
    "occ1990",
    "occ1950",
    "cp2011",
    "oc1",
    "oc2",
}
# A level of ISCO and its kin, in what units of an organisation would else be looked for.
_UNIT_GROUP = (
    r"unit[\s_-]*groups?|(?<=occupation[\s_-])units?|начальн\w+[\s_]+групп\w*|бастапқы[\s_]+топ\w*|"
    r"grupos?[\s_]+primarios?"
)
_names_occupations, _names_codes, _names_nothing = map(_among, (_OCCUPATION, _CODE, _NEUTRAL))
_OTHERS = {what: _among(text) for what, text in _OTHER.items()}
_SYSTEM_WORDS = {fold(name): systems for name, systems in _SYSTEMS.items()}
_FOREIGN_WORDS = {fold(name): title for name, title in FOREIGN.items()}
# Strengths of a name, as the evidence counts them.
NAMES_SYSTEM, OCCUPATION_CODE, OCCUPATION, CODE, NOTHING = 6.0, 4.0, 3.0, 2.0, 0.0


@dataclass(frozen=True)
class Header:
    """What a column's name says.

    Attributes
    ----------
    worth : float
        How strongly it speaks for codes of occupations.
    systems : tuple of str
        Coding systems that it names; empty if none.
    foreign : str
        A national classification that it names, in words.
    other : str
        What else it says that the column holds (`pay`, `years`, `places` …), in words.
    strange : str
        A word of it that says something, we do not know what.
    """

    worth: float = NOTHING
    systems: tuple[str, ...] = ()
    foreign: str = ""
    other: str = ""
    strange: str = ""

    @property
    def says(self) -> str:
        """The name's word for codes, for messages."""
        if self.systems:
            return "its name is that of a coding system"
        return {
            OCCUPATION_CODE: "its name speaks of codes of occupations",
            OCCUPATION: "its name speaks of occupations",
            CODE: "its name speaks of codes",
        }.get(self.worth, "")


@lru_cache(maxsize=4096)
def read_header(name: str) -> Header:
    """Read a column's name.

    Parameters
    ----------
    name : str

    Returns
    -------
    Header
        A coding system's name outweighs everything; `code` beside `region` speaks of regions.
    """
    tokens = words(name)
    named = next((_SYSTEM_WORDS[t] for t in tokens if t in _SYSTEM_WORDS), ())
    # Variables of surveys: jbisco88, wisco08; not Francisco.
    named = named or next((_SYSTEM_WORDS["isco"] for t in tokens if re.fullmatch("[a-z]{1,3}isco", t)), ())
    foreign = next((_FOREIGN_WORDS[t] for t in tokens if t in _FOREIGN_WORDS), "")
    if foreign and not named:
        return Header(NOTHING, (), foreign)
    years = {t[-2:] for t in tokens if t in ("2010", "2018", "10", "18")}
    if named in (("soc2010", "soc2018", "onetsoc"), ("census2010", "census2018")):
        of_year = tuple(system for system in named if len(years) == 1 and system[-2:] in years)
        named = (*of_year, *(s for s in named if s == "onetsoc")) if of_year else named
    occupation, code = _names_occupations(tokens), _names_codes(tokens)
    other = other_meaning(tokens)
    if named:
        counted = other in ("pay", "shares and rates", "figures of change", "counts of people", "hours")
        return Header(NOTHING, named, "", other) if counted and not code else Header(NAMES_SYSTEM, named)
    if occupation and "occ" in tokens and not other:
        return Header(OCCUPATION_CODE, (f"census20{years.pop()}",) if len(years) == 1 else ())
    if occupation and code and other not in ("pay", "shares and rates"):
        return Header(OCCUPATION_CODE)
    if other:
        return Header(NOTHING, (), "", other)
    worth = OCCUPATION if occupation else CODE if code else NOTHING
    return Header(worth, strange="" if worth else _strange(tokens))


def _strange(tokens: tuple[str, ...]) -> str:
    """Return the first word that is neither neutral nor as short as names of variables are."""
    for token in tokens:
        least = 4 if re.match("[a-zа-я]", token) else 2
        if token.isalpha() and len(token) >= least and not _names_nothing((token,)):
            return token
    return ""


def other_meaning(tokens: tuple[str, ...]) -> str:
    """Return what a name says that a column holds, if not codes of occupations."""
    return next((what for what, is_said in _OTHERS.items() if is_said(tokens)), "")


def said_of_itself(column: str, values: list[str]) -> set[str]:
    """Return the systems that a column's name, or the marks of its values, say by their year."""
    said = set()
    for text in (column, values[0] if values else ""):
        plain = "".join(c for c in text.lower() if c.isalnum())
        for mark, taxonomy in (
            ("isco08", "isco08"), ("isco2008", "isco08"), ("isco88", "isco88"), ("isco1988", "isco88"),
            ("soc10", "soc2010"), ("soc2010", "soc2010"), ("2010soc", "soc2010"), ("soc18", "soc2018"),
            ("soc2018", "soc2018"), ("2018soc", "soc2018"), ("onet", "onetsoc"),
        ):  # fmt: skip
            if mark in plain:
                said.add(taxonomy)
    return said or set(read_header(column).systems)
