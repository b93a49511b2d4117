package correlate_test

import (
	"time"

	"supersim-agent/agent/cloud"
)

// silentRefusedTales are refused devices as a far judge knows them: by the cloud's word alone.
func silentRefusedTales(silent func(*story) *story) []tale {
	refused := func(code int) *story { return silent(searching().rejected(minute, code)) }
	blocked := cloud.Event{Modifier: "blocked"}
	failed := func() *story { return searching().event(minute, cloud.Event{Type: cloud.AttachmentFailed}) }
	return []tale{
		{"G5", fires, "a minute ago", refused(83703), 2 * minute},
		{"G5", nearMiss, "two days ago", refused(83703), 48 * time.Hour},
		{"G6", fires, "never activated", refused(83704), 2 * minute},
		{"G6", nearMiss, "it reports itself", searching().rejected(minute, 83704), 2 * minute},
		{"G7", fires, "a minute ago", refused(83705), 2 * minute},
		{"G7", fires, "and nobody has activated it for a week", refused(83705), 7 * 24 * time.Hour},
		{"G7", nearMiss, "accepted since", silent(searching().rejected(minute, 83705).accepted(2 * minute)), 3 * minute},
		{"G7", nearMiss, "its data flowed since", silent(searching().rejected(minute, 83705).counted(10*minute, 1, 1)), 11 * minute},
		{"G8", fires, "ended by the limit", silent(healthy().session(minute, cloud.SessionEnded, "PI1", blocked)), 2 * minute},
		{"G8", nearMiss, "a later session is free",
			silent(healthy().session(minute, cloud.SessionEnded, "PI1", blocked).session(2*minute, cloud.SessionStarted, "PI2", cloud.Event{})), 3 * minute},
		{"G9", fires, "on a network that is closed to it", refused(83702), 2 * minute},
		{"G9", nearMiss, "accepted elsewhere", silent(searching().rejected(minute, 83702).accepted(2 * minute)), 3 * minute},
		{"G10", fires, "the core fails", silent(failed()), 2 * minute},
		{"G10", nearMiss, "it let the SIM in since", silent(failed().accepted(2 * minute)), 3 * minute},
		{"G10", nearMiss, "two days ago", silent(failed()), 48 * time.Hour},
	}
}
