package correlate

import "slices"

// Rules is the table, in order of judgement: what explains the most comes first. Ids group them: A the device itself,
// B searching, C refused, D no data, E the connection, F identity and place, G devices that say nothing, S states of
// passage that need no help.
var Rules = slices.Concat(deviceRules, settingRules, troubledConnectionRules, connectionRules, refusedForGood,
	noDataRules, noSignalRules, rotationRules, refusedRules, dataSetupRules, stuckRules, unexplainedRules, searchingRules, identityRules,
	silentRefusals, silentRules)

// fallback holds when no rule matches: the modem answers but its registration is not read yet.
var fallback = Rule{
	ID: "S1", Code: "starting", Base: 0.5,
	When:    "Nothing else is known yet.",
	Summary: "The agent is getting to know the modem.",
	Agent:   "Reads what it does not know yet.",
	Advice:  "Nothing.",
	Changes: "The modem's first answers.",
}
