/// The fields of a message of the exchange stream.
enum StreamField: Int, MessageField {
    case op, ct, pt, mc, status

    var key: String { "\(self)" }
}

/// The fields of one market's change.
enum MarketField: Int, MessageField {
    case id, img, marketDefinition, rc

    var key: String { "\(self)" }
    static var status: MarketField { .id }
}

/// The fields of a market's definition.
enum DefinitionField: Int, MessageField {
    case eventId, eventTypeId, eventName, name, marketType, bettingType, marketTime, openDate, status, inPlay
    case numberOfWinners, runners

    var key: String { "\(self)" }
}

/// The fields of a runner in a market's definition.
enum RunnerField: Int, MessageField {
    case id, hc, status, name

    var key: String { "\(self)" }
}

/// The fields of one runner's change.
enum RunnerChangeField: Int, MessageField {
    case id, hc, ltp, tv, atb, atl, batb, batl, bdatb, bdatl

    var key: String { "\(self)" }
    static var status: RunnerChangeField { .id }
}

/// What the messages of the exchange stream have to say, and in which form. The limits are `ValueForm`'s.
struct BetfairRules: ~Copyable {
    let stream = RuleTable<StreamField>([
        .required(.pt, .eventTime),
        .optional(.mc, .list),
    ])

    let market = RuleTable<MarketField>([
        .required(.id, .id),
        .optional(.img, .flag),
        .optional(.rc, .list),
    ])

    let definition = RuleTable<DefinitionField>([
        .required(.eventId, .id),
        .optional(.eventTypeId, .id),
        .optional(.eventName, .text),
        .optional(.name, .text),
        .optional(.marketType, .id),
        .optional(.bettingType, .id),
        .optional(.marketTime, .startTime),
        .optional(.openDate, .startTime),
        .required(.status, .id),
        .optional(.inPlay, .flag),
        .optional(.numberOfWinners, .score),
        .optional(.runners, .list),
    ])

    let runner = RuleTable<RunnerField>([
        .required(.id, .id),
        .optional(.hc, .decimal),
        .required(.status, .id),
        .optional(.name, .text),
    ])

    let runnerChange = RuleTable<RunnerChangeField>([
        .required(.id, .id),
        .optional(.hc, .decimal),
        .optional(.ltp, .decimal),
        .optional(.tv, .amount),
        .optional(.atb, .list),
        .optional(.atl, .list),
        .optional(.batb, .list),
        .optional(.batl, .list),
        .optional(.bdatb, .list),
        .optional(.bdatl, .list),
    ])
}
