"""Codes of other countries with their titles; real ones, a few of each."""

from __future__ import annotations

# Codes and titles as the classifications print them, shortened; each list lies within one country's system.
_LISTS = {
    "Brazil's CBO": """
        252105 Administrador|782305 Motorista de carro de passeio|521110 Vendedor de comércio varejista
        514320 Faxineiro|513205 Cozinheiro geral|715210 Pedreiro|411005 Auxiliar de escritório
        422105 Recepcionista|223505 Enfermeiro|225125 Médico clínico|231210 Professor do ensino fundamental
        214205 Engenheiro civil|517330 Vigilante|724315 Soldador|763210 Costureiro|848305 Padeiro
        516110 Cabeleireiro|241005 Advogado|782510 Motorista de caminhão|513405 Garçom|252210 Contador
        715505 Carpinteiro|951105 Eletricista de manutenção|914405 Mecânico de automóveis""",
    "Spain's CNO-11": """
        2111 Médicos de familia|2122 Enfermeros especializados|2230 Profesores de secundaria|2511 Abogados
        2431 Ingenieros industriales|5110 Cocineros asalariados|5120 Camareros asalariados
        5220 Vendedores en tiendas|5811 Peluqueros|5941 Vigilantes de seguridad|7121 Albañiles
        7131 Carpinteros|7221 Fontaneros|7312 Soldadores|7401 Mecánicos de vehículos|7510 Electricistas
        7703 Panaderos|8412 Conductores de taxis|8432 Conductores de camiones|9210 Personal de limpieza
        4111 Empleados de contabilidad|3613 Secretarios|2651 Contadores|9601 Peones de obras""",
    "the UK's SOC 2010": """
        2122 Mechanical engineers|2211 Medical practitioners|2231 Nurses|2314 Secondary education teachers
        2412 Solicitors|2421 Chartered accountants|3312 Police officers|4122 Book-keepers
        5223 Metal machining setters|5231 Vehicle mechanics|5241 Electricians|5312 Bricklayers
        5314 Plumbers|5315 Carpenters|5434 Chefs|5435 Cooks|6145 Care workers|6221 Hairdressers
        7111 Sales assistants|8211 Lorry drivers|9233 Cleaners|9272 Kitchen assistants|9273 Waiters
        2136 Software developers""",
    "Canada's NOC": """
        0111 Financial managers|1111 Accountants|1241 Administrative assistants|2131 Civil engineers
        2174 Computer programmers|3012 Registered nurses|3112 General practitioners|4011 University professors
        4031 Secondary school teachers|4112 Lawyers|6321 Chefs|6322 Cooks|6421 Retail salespersons
        6513 Waiters|6541 Security guards|6731 Cleaners|7241 Electricians|7271 Carpenters
        7511 Truck drivers|8431 Farm labourers|9617 Food processing labourers|7251 Plumbers""",
    "Australia's ANZSCO": """
        221111 Accountant|254499 Registered nurse|261313 Software engineer|351311 Chef|341111 Electrician
        331212 Carpenter|233211 Civil engineer|241411 Secondary school teacher|271311 Solicitor
        253111 General practitioner|391111 Hairdresser|423111 Aged carer|431511 Waiter|442217 Security guard
        531111 General clerk|621111 Sales assistant|733111 Truck driver|811211 Commercial cleaner
        334111 Plumber|331111 Bricklayer|551211 Bookkeeper|351411 Cook""",
    "Russia's ОКПДТР": """
        20336 Бухгалтер|19149 Токарь|11442 Водитель автомобиля|16675 Повар|17353 Продавец
        19756 Электрогазосварщик|18511 Слесарь по ремонту автомобилей|19258 Уборщик|24042 Медсестра
        16909 Портной|11695 Горничная|19727 Штукатур|18880 Столяр|16437 Парикмахер|14390 Машинист экскаватора
        22446 Инженер|27244 Учитель|24232 Врач|26541 Секретарь|25857 Программист|12680 Каменщик
        19861 Электромонтер""",
    "Germany's KldB": """
        72213 Buchhalter|81302 Krankenpfleger|84114 Lehrer|29302 Koch|63302 Kellner|82312 Friseur
        32112 Maurer|22342 Tischler|26212 Elektriker|24422 Schweißer|52122 Lkw-Fahrer|54101 Reinigungskraft
        62102 Verkäufer|81404 Arzt|73104 Rechtsanwalt|31104 Architekt|43414 Programmierer|29222 Bäcker
        25212 Mechaniker|11102 Landwirt|71402 Sekretärin|53112 Wachmann""",
}


def _pairs(text: str) -> tuple[list[str], list[str]]:
    entries = [entry.strip() for line in text.splitlines() for entry in line.split("|") if entry.strip()]
    codes, _, titles = zip(*(entry.partition(" ") for entry in entries), strict=True)
    return list(codes), list(titles)


FOREIGN = {name: _pairs(text) for name, text in _LISTS.items()}
