// Generated from the server's OpenAPI document by `npm run api`. Do not edit.

export interface paths {
    "/api/v1/alarms": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Alarms of the units that the person sees. */
        get: operations["list-alarms"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alarms/{id}/accept": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Take over an open alarm with its patient. It changes neither the alarm nor its escalation. */
        post: operations["accept-alarm"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alarms/{id}/ack": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** I have seen this and take it. */
        post: operations["acknowledge-alarm"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alarms/{id}/evidence": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What an alarm rests on, kept for good: its waveforms, the limits, the program, and which station showed and sounded it. There from about a minute after it was raised. */
        get: operations["get-evidence"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alarms/{id}/explain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Say what an alarm was that was acknowledged, also when it is over. */
        post: operations["explain-alarm"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alarms/{id}/notices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who was called because of an alarm, and whether it reached them. */
        get: operations["list-notices"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alarms/{id}/snooze": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Put off an alarm of a single reading. */
        post: operations["snooze-alarm"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alarms/{id}/unack": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** I cannot go: let it call again. */
        post: operations["unacknowledge-alarm"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/bindings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who wears what. */
        get: operations["list-bindings"];
        put?: never;
        /** Give a device to a patient. */
        post: operations["bind-device"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/bindings/{device}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Take a device from its patient. */
        delete: operations["unbind-device"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/campaigns": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Which version hubs are brought to, and who is behind. */
        get: operations["list-campaigns"];
        put?: never;
        /** Bring hubs to a version, some first. */
        post: operations["start-campaign"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/campaigns/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Let a campaign come to more hubs, halt it, or let it go on. */
        patch: operations["change-campaign"];
        trace?: never;
    };
    "/api/v1/conditions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What alarms can be about, and what people may decide about it. */
        get: operations["list-conditions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Devices, with who wears them. */
        get: operations["list-devices"];
        put?: never;
        /** Make a device known, or describe it anew. */
        post: operations["enrol-device"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices/{device}/support": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Note until when a device's maker supports it. */
        put: operations["support-device"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateways": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Gateways and clouds of others, with when each was last heard. */
        get: operations["list-gateways"];
        put?: never;
        /** Let a gateway or cloud of others deliver; the secret is shown once. */
        post: operations["register-gateway"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateways/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Let a gateway deliver no more, and forget its accounts. */
        delete: operations["remove-gateway"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateways/{id}/accounts/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Fetch from somebody's account with a cloud. */
        put: operations["save-account"];
        post?: never;
        /** Fetch from an account no more. */
        delete: operations["remove-account"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateways/{id}/device": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The id of a device that a gateway or cloud names in its own way. */
        get: operations["name-device"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateways/{id}/secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give a gateway a new secret; the old one ends. */
        post: operations["rotate-gateway-secret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/hubs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Hubs, with when each was last heard. */
        get: operations["list-hubs"];
        put?: never;
        /** Make a hub known; the secret is shown once. */
        post: operations["enrol-hub"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/hubs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A hub: what it says of itself, what is wanted of it, what it was told. */
        get: operations["get-hub"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/hubs/{id}/commands": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Have a hub do something once; it has five minutes to begin. */
        post: operations["command-hub"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/hubs/{id}/devices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Say which devices a hub is to read. */
        put: operations["configure-hub"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/hubs/{id}/secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give a hub a new secret; the old one ends. */
        post: operations["rotate-hub-secret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sign in. */
        post: operations["login"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sign out. */
        post: operations["logout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who is signed in. */
        get: operations["me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/contacts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How I am called beside the screens. */
        get: operations["list-contacts"];
        put?: never;
        /** Have me called there, too. */
        post: operations["add-contact"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/contacts/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Call me there no more. */
        delete: operations["remove-contact"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/contacts/{id}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send me a test there. It has arrived at the other side once this is answered. */
        post: operations["test-contact"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notices/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What I was called for, as it is now. */
        get: operations["get-notice"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notices/{id}/receipts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Say that a notice to me was seen, or that I cannot go. It changes no time and stops nothing: hand the patient on, or acknowledge. */
        post: operations["save-receipt"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/offers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Open alarms of patients that became mine, which I have not accepted. */
        get: operations["list-offers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/patients": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who is under care. */
        get: operations["list-patients"];
        put?: never;
        /** Take a patient under care. */
        post: operations["admit-patient"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/patients/{id}/ack-low": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** I have seen these alarms of low priority and take them. What is more urgent is taken one at a time. */
        post: operations["acknowledge-low"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/patients/{id}/alarm-off": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Switch a condition off for a while; never a lethal one. */
        post: operations["switch-alarm-off"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/patients/{id}/alarm-on": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Switch a condition on again. */
        post: operations["switch-alarm-on"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/patients/{id}/audio-pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Silence the patient's alarms at all stations for a moment. */
        post: operations["pause-audio"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/patients/{id}/calls": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who would be called now, and when. */
        get: operations["list-calls"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/patients/{id}/discharge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** End the care of a patient. */
        post: operations["discharge-patient"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/patients/{id}/limits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The limits and delays in force for a patient, and whose they are. */
        get: operations["get-limits"];
        /** Change a patient's limits. They are in force from the next value on. */
        put: operations["change-limits"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/patients/{id}/limits/simulate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What other limits would have told of what was charted: how many alarms, and which would have been missed. */
        post: operations["simulate-limits"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/patients/{id}/limits/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who has changed a patient's limits, when and why. */
        get: operations["list-limits"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/patients/{id}/observed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Chart what no device measures and the early warning score needs. It counts for 12 hours. */
        post: operations["observe-patient"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/patients/{id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The patient is back. */
        post: operations["end-standby"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/patients/{id}/standby": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The patient is away. */
        post: operations["begin-standby"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/quarantine": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What was received and not charted, with the reason. */
        get: operations["list-quarantine"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/reports/alarms": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How many alarms there were, how they went, and how long they waited for somebody. */
        get: operations["report-alarms"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/staff": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Everybody who may sign in, or once might. */
        get: operations["list-staff"];
        put?: never;
        /** Let a person sign in. */
        post: operations["add-staff"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/staff/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Change a person, or let them in no more. Whoever is disabled, or has another role, other units or another password, is signed out. */
        patch: operations["change-staff"];
        trace?: never;
    };
    "/api/v1/units": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Units that the person sees. */
        get: operations["list-units"];
        put?: never;
        /** Make a unit, or describe it anew. */
        post: operations["save-unit"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/units/{id}/escalation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How the alarms of a unit escalate, and what is proposed. */
        get: operations["get-escalation"];
        /** Propose how the alarms of a unit are to escalate. It is in force once a second person approved it. */
        put: operations["propose-escalation"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/units/{id}/escalation/{version}/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Put in force what somebody else proposed. */
        post: operations["approve-escalation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/units/{id}/limits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The limits and delays that hold in a unit, and what is proposed. */
        get: operations["get-unit-limits"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/units/{id}/limits/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Put into force what somebody else proposed. */
        post: operations["approve-unit-limits"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/units/{id}/limits/proposal": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Propose other limits for a unit. */
        post: operations["propose-unit-limits"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/units/{id}/limits/withdraw": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Take back what was proposed. */
        post: operations["withdraw-unit-limits"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/units/{id}/posts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Put somebody on a duty: assign a patient, hand one on, name who is on call. */
        post: operations["save-post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/units/{id}/roster": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who is put on which duty of a unit, now and later. */
        get: operations["get-roster"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Account: {
            /** @description The device to bind to the patient whose account it is. */
            device: string;
            /** @description Why the last attempt failed. */
            fault?: string;
            /**
             * Format: date-time
             * @description What the cloud knew before is stored.
             */
            fetched?: string;
            /** @description As the cloud names it. */
            name: string;
        };
        AccountInputBody: {
            refresh_token: string;
        };
        AckDelays: {
            /** Format: int64 */
            acked: number;
            /** Format: double */
            p50: number;
            /** Format: double */
            p90: number;
            /** Format: double */
            p95: number;
            /** Format: double */
            p99: number;
        };
        AckLowInputBody: {
            /** @description Chosen by the sender; repeating it repeats the answer. */
            cmd_id: string;
            /** @description The alarms, each as it was on the screen. */
            seen: components["schemas"]["SeenVersion"][];
            /** @description Where the command comes from. */
            station: string;
        };
        AcknowledgeInputBody: {
            /**
             * @description What it turned out to be, where that is known already.
             * @enum {string}
             */
            ack_reason?: "actioned" | "watching" | "artefact" | "wrong_limit";
            /** @description Chosen by the sender; repeating it repeats the answer. */
            cmd_id: string;
            /** @enum {string} */
            seen_priority: "high" | "medium" | "low" | "info";
            /**
             * Format: int64
             * @description Version of the alarm that was on the screen.
             */
            seen_version: number;
            /** @description Where the command comes from. */
            station: string;
        };
        AdmitInputBody: {
            bed: string;
            /** Format: date */
            birth?: string;
            family: string;
            given: string;
            mrn: string;
            /** @enum {string} */
            sex?: "female" | "male" | "other" | "unknown";
            /** @description Made up. */
            test?: boolean;
            unit: string;
        };
        Alarm: {
            /** @enum {string} */
            ack_reason?: "actioned" | "watching" | "artefact" | "wrong_limit";
            /** Format: date-time */
            acked_at: string | null;
            acked_by: string | null;
            /** Format: date-time */
            changed: string;
            chattering: boolean;
            condition: string;
            /** Format: int64 */
            count: number;
            detail: string;
            /** Format: date-time */
            ended: string | null;
            id: string;
            label: string;
            /** Format: date-time */
            onset: string;
            owner: string;
            patient: string;
            previous: string;
            /** @enum {string} */
            priority: "high" | "medium" | "low" | "info";
            /** Format: date-time */
            raised: string;
            reason: string;
            site: string;
            /** Format: date-time */
            snooze_until: string | null;
            /** @enum {string} */
            state: "pending" | "active_unack" | "active_ack" | "latched_unack" | "closed";
            suppressed_by: string;
            /** @enum {string} */
            truth: "true" | "false" | "unknown";
            /** @enum {string} */
            type: "physiological" | "technical" | "system";
            /** @description The database is away, and has not taken it as it is shown. */
            unrecorded?: boolean;
            /** Format: int64 */
            version: number;
            worst: string;
        };
        AlarmCount: {
            /** Format: int64 */
            after: number;
            /** Format: int64 */
            before: number;
            condition: string;
            label: string;
        };
        AlarmOffInputBody: {
            /** @description Chosen by the sender; repeating it repeats the answer. */
            cmd_id: string;
            condition: string;
            reason: string;
            /**
             * Format: int64
             * @description Up to 86400.
             */
            seconds: number;
            /** @description Where the command comes from. */
            station: string;
        };
        AlarmOnInputBody: {
            /** @description Chosen by the sender; repeating it repeats the answer. */
            cmd_id: string;
            condition: string;
            /** @description Where the command comes from. */
            station: string;
        };
        AlarmOutputBody: {
            alarm: components["schemas"]["Alarm"];
        };
        AlarmStation: {
            /** Format: date-time */
            at: string;
            detail?: string;
            /** @enum {string} */
            kind: "rendered" | "sounded" | "ack_conflict" | "ack_reason" | "notified" | "delivered" | "seen" | "declined" | "escalation_missed";
            station: string;
            /**
             * Format: int64
             * @description Of the alarm.
             */
            version: number;
        };
        AlarmsOutputBody: {
            /** @description Those that were raised last first. */
            alarms: components["schemas"]["Alarm"][];
        };
        Behind: {
            /** @description It was told more than an hour ago. */
            failed: boolean;
            hub: string;
            runs: string;
            /**
             * Format: date-time
             * @description When it was told.
             */
            since: string;
        };
        BindInputBody: {
            device: string;
            /**
             * Format: date-time
             * @description Since when; now where left out.
             */
            from?: string;
            /** @description Take the device from another patient who wears it; without it that is refused (409). */
            move?: boolean;
            patient: string;
        };
        Binding: {
            device: string;
            /** Format: date-time */
            from: string;
            patient: string;
            /** Format: date-time */
            until?: string;
        };
        BindingsOutputBody: {
            /** @description Those that hold, and those that ended lately. */
            bindings: components["schemas"]["Binding"][];
        };
        Calling: {
            /** Format: int64 */
            after_s: number;
            call: string[];
            /** Format: int64 */
            step: number;
            to: components["schemas"]["Person"][];
        };
        CallsOutputBody: {
            /**
             * Format: int64
             * @description The last step again each time that these seconds pass; 0: never.
             */
            repeat_s: number;
            /** @description Were an alarm to be raised now, and nobody to acknowledge it. */
            steps: components["schemas"]["Calling"][];
        };
        Campaign: {
            /** @description Of these, the hubs that are not of it. */
            behind: components["schemas"]["Behind"][];
            by: string;
            halted: boolean;
            id: string;
            /**
             * Format: int64
             * @description Failures at which it halts.
             */
            most: number;
            /** Format: int64 */
            percent: number;
            reason?: string;
            /** Format: date-time */
            started: string;
            /**
             * Format: int64
             * @description Hubs that were told the version.
             */
            told: number;
            /** @description Only hubs of its patients; all where it is absent. */
            unit?: string;
            version: string;
        };
        CampaignChangeBody: {
            /** @description false lets one go on that was halted. */
            halted?: boolean;
            /** Format: int64 */
            percent?: number;
        };
        CampaignInputBody: {
            /**
             * Format: int64
             * @default 1
             */
            most: number;
            /** Format: int64 */
            percent: number;
            unit?: string;
            version: string;
        };
        CampaignsOutputBody: {
            /** @description Newest first. */
            campaigns: components["schemas"]["Campaign"][];
        };
        Care: {
            away: components["schemas"]["Decided"];
            off: components["schemas"]["Off"][];
            patient: string;
            paused: components["schemas"]["Decided"];
            /** Format: int64 */
            version: number;
        };
        CareOutputBody: {
            care: components["schemas"]["Care"];
        };
        Command: {
            /** Format: date-time */
            at: string;
            by: string;
            detail?: string;
            /** Format: date-time */
            ended?: string;
            /** Format: date-time */
            expires: string;
            id: string;
            /** @enum {string} */
            outcome: "waiting" | "done" | "refused" | "failed" | "expired";
            /** @enum {string} */
            what: "read_now" | "rescan" | "rotate_key";
        };
        CommandInputBody: {
            /** @enum {string} */
            what: "read_now" | "rescan" | "rotate_key";
        };
        Condition: {
            /** @description It may be switched off for a while. */
            can_be_off: boolean;
            condition: string;
            /** @description For people. */
            label: string;
            /**
             * @description An alarm of it may be more urgent.
             * @enum {string}
             */
            priority: "high" | "medium" | "low" | "info";
            /** @description It rests on single readings: an alarm of it may be put off. */
            single: boolean;
            /** @enum {string} */
            type: "physiological" | "technical" | "system";
        };
        ConditionsOutputBody: {
            /** @description The most urgent of a family first. */
            conditions: components["schemas"]["Condition"][];
        };
        Contact: {
            /** Format: date-time */
            added: string;
            address: string;
            /** @enum {string} */
            channel: "mail" | "push" | "ntfy";
            id: string;
        };
        ContactInputBody: {
            /** @description Mail address, topic at the ntfy server, or endpoint of the subscription. */
            address: string;
            /** @description auth of the subscription. */
            auth?: string;
            /** @enum {string} */
            channel: "mail" | "push" | "ntfy";
            /** @description p256dh of the subscription. */
            key?: string;
        };
        ContactsOutputBody: {
            /** @description Those that the operator has set up. */
            channels: string[];
            contacts: components["schemas"]["Contact"][];
            /** @description applicationServerKey of a browser's subscription; empty where there is no Web Push. */
            push_key: string;
        };
        DecideInputBody: {
            /** @description The proposal that was on the screen. */
            proposal: string;
        };
        Decided: {
            by: string;
            /** Format: date-time */
            since: string;
            /** Format: date-time */
            until: string;
            where?: string;
        };
        DesiredInputBody: {
            devices: components["schemas"]["Wanted"][];
        };
        Device: {
            /**
             * Format: double
             * @description How many seconds that hub's clock is ahead of the server's; negative: behind.
             */
            readonly ahead?: number;
            /**
             * Format: int64
             * @description Percent.
             */
            readonly battery?: number;
            /** @description What that hub's clock follows: unsynced, ntp or nts. */
            readonly clock?: string;
            firmware?: string;
            /** @description Revision of its hardware. */
            readonly hardware?: string;
            /**
             * Format: date-time
             * @description When a hub heard it last, by the hub's clock.
             */
            readonly heard?: string;
            /** @description The only hub that may deliver what it sends; any where it is absent. */
            hub?: string;
            /** @description Bluetooth address or EUI-64. */
            id: string;
            /** @description open, encrypted or bonded. */
            readonly link?: string;
            manufacturer: string;
            model: string;
            /** @description Who wears it now. */
            readonly patient?: string;
            /**
             * Format: date-time
             * @description When a hub last read what it says of itself.
             */
            readonly read?: string;
            serial: string;
            /** @description Revision of its software. */
            readonly software?: string;
            /** @description Date until which its maker supports it. */
            readonly support?: string;
            /** @description EUI-64 that stays the same where its address changes. */
            readonly system_id?: string;
            /** @description The hub that reported it last. */
            readonly through?: string;
            /** @description Unique device identifier, as it is printed. */
            readonly udi?: string;
        };
        DeviceInputBody: {
            firmware?: string;
            /** @description The only hub that may deliver what it sends; empty for any; as before where it is left out. */
            hub?: string;
            /** @description Bluetooth address or EUI-64, with or without separators. */
            id: string;
            manufacturer: string;
            model: string;
            serial: string;
        };
        DeviceOfOutputBody: {
            device: string;
        };
        DevicesOutputBody: {
            devices: components["schemas"]["Device"][];
        };
        Each: {
            alarm: string;
            /** @description Why it was refused; absent where it is acknowledged. */
            code?: string;
            /** @description As it is, where it is known. */
            now?: components["schemas"]["Alarm"];
        };
        EachOutputBody: {
            /** @description What became of each, in the same order. */
            each: components["schemas"]["Each"][];
        };
        Episode: {
            condition: string;
            detail: string;
            /** Format: date-time */
            from: string;
            label: string;
            /** @enum {string} */
            priority: "high" | "medium" | "low" | "info";
            /**
             * Format: date-time
             * @description Null where it went on to the end.
             */
            to: string | null;
        };
        ErrorDetail: {
            /** @description Where the error occurred, e.g. 'body.items[3].tags' or 'path.thing-id' */
            location?: string;
            /** @description Error message text */
            message?: string;
            /** @description The value at the given location */
            value?: unknown;
        };
        Escalation: {
            /**
             * Format: int64
             * @description The last step again each time that these seconds pass; 0: never.
             */
            repeat_s: number;
            steps: components["schemas"]["Step"][];
        };
        EvidenceOutputBody: {
            alarm: string;
            /**
             * Format: date-time
             * @description 10 s before it began.
             */
            from: string;
            /**
             * Format: date-time
             * @description When this was taken; once more an hour later, with what came late.
             */
            frozen: string;
            /** @description Every setting in force when it was raised, by name. */
            limits: {
                [key: string]: number;
            };
            /** @description Version of the program, its rules and its detector. */
            program: string;
            /** @description Where it was on the screen, and where it sounded. */
            stations: components["schemas"]["AlarmStation"][];
            /**
             * Format: date-time
             * @description 20 s after it was raised.
             */
            to: string;
            waves: components["schemas"]["EvidenceWave"][];
        };
        EvidenceWave: {
            device: string;
            kind: string;
            label: string;
            /** Format: double */
            rate_hz: number;
            /** @description -32768: lost. */
            samples: number[];
            /**
             * Format: double
             * @description Units per step.
             */
            scale: number;
            /**
             * Format: date-time
             * @description Of the first sample.
             */
            start: string;
            unit: string;
        };
        ExplainInputBody: {
            /**
             * @description Something had to be done; it is so and is being watched; it was not so; it is usual for this patient.
             * @enum {string}
             */
            ack_reason: "actioned" | "watching" | "artefact" | "wrong_limit";
            /** @description Chosen by the sender; repeating it repeats the answer. */
            cmd_id: string;
            /** @enum {string} */
            seen_priority: "high" | "medium" | "low" | "info";
            /**
             * Format: int64
             * @description Version of the alarm that was on the screen.
             */
            seen_version: number;
            /** @description Where the command comes from. */
            station: string;
        };
        Gateway: {
            accounts: components["schemas"]["Account"][];
            /** @description Where the server fetches. */
            address?: string;
            /** @description The device that is meant where a payload names none. */
            device: string;
            id: string;
            /** @description What reads its payloads. */
            kind: string;
            name: string;
            /**
             * Format: date-time
             * @description When it was last heard.
             */
            seen?: string;
            /** @description Where it posts. */
            webhook: string;
        };
        GatewayInputBody: {
            /** @description https://… of a Cassia access controller or gateway. */
            address?: string;
            /** @description Who the server is at the cloud: the OAuth client id. */
            client?: string;
            client_secret?: string;
            id: string;
            /** @description One of those that vigil-hub decode -list names after gateway/. */
            kind: string;
            name: string;
        };
        GatewaysOutputBody: {
            gateways: components["schemas"]["Gateway"][];
        };
        Hub: {
            id: string;
            name: string;
            online: boolean;
            /**
             * Format: date-time
             * @description When it was last heard.
             */
            seen?: string;
        };
        HubDetail: {
            /** @description Version of its program that is wanted. */
            agent?: string;
            /**
             * Format: double
             * @description How many seconds its clock is ahead of the server's; negative: behind; absent where it tells no time.
             */
            ahead?: number;
            /** @description What its clock follows: unsynced, ntp, nts; empty where it never said. */
            clock: string;
            /** @description Newest first. */
            commands: components["schemas"]["Command"][];
            /**
             * Format: int64
             * @description Version of the desired state that it is in.
             */
            config: number;
            /** @description Devices that it is to read, where the server says so. */
            devices: components["schemas"]["Wanted"][];
            id: string;
            name: string;
            /** Format: date-time */
            oldest?: string;
            online: boolean;
            /**
             * Format: int64
             * @description Messages kept that are not stored yet.
             */
            queue: number;
            /** Format: date-time */
            seen?: string;
            /** @description Of its program; empty where it never said. */
            version: string;
            /**
             * Format: int64
             * @description Version of the desired state that it is to be in; 0: that of its own file.
             */
            wanted: number;
        };
        HubInputBody: {
            id: string;
            name: string;
        };
        HubsOutputBody: {
            hubs: components["schemas"]["Hub"][];
        };
        LimitsOutputBody: {
            /** Format: date-time */
            approved_at?: string;
            approved_by?: string;
            /** Format: date-time */
            at: string | null;
            by: string;
            /** @description What is otherwise than it would be, by name. */
            changes: {
                [key: string]: number;
            };
            reason: string;
            /** @description What is in force. */
            settings: components["schemas"]["Setting"][];
            /**
             * Format: int64
             * @description 0: nobody has changed anything.
             */
            version: number;
        };
        LimitsVersion: {
            /** Format: date-time */
            approved_at?: string;
            approved_by?: string;
            /** Format: date-time */
            at: string | null;
            by: string;
            /** @description What is otherwise than it would be, by name. */
            changes: {
                [key: string]: number;
            };
            reason: string;
            /**
             * Format: int64
             * @description 0: nobody has changed anything.
             */
            version: number;
        };
        LimitsVersionsOutputBody: {
            /** @description The newest first. */
            versions: components["schemas"]["LimitsVersion"][];
        };
        LoginInputBody: {
            password: string;
            user: string;
        };
        MeOutputBody: {
            staff: components["schemas"]["Staff"];
        };
        MyNoticeOutputBody: {
            /** @description As it is now. */
            alarm: components["schemas"]["Alarm"];
            /** Format: date-time */
            declined?: string;
            /** Format: date-time */
            made: string;
            /** @description An open alarm was handed over with its patient, to be accepted. */
            offer: boolean;
            /** @description Missing where it is about Vigil itself. */
            patient?: components["schemas"]["Patient"];
            /** Format: date-time */
            seen?: string;
            text: string;
        };
        Notice: {
            /** Format: int64 */
            attempts: number;
            /** @enum {string} */
            channel: "webhook" | "mail" | "push" | "ntfy";
            /**
             * Format: date-time
             * @description When they said that they cannot go.
             */
            declined?: string;
            /** @description Why the last attempt failed. */
            fault?: string;
            id: string;
            /** Format: date-time */
            made: string;
            name: string;
            /** Format: int64 */
            round: number;
            /**
             * Format: date-time
             * @description When whoever was called saw it.
             */
            seen?: string;
            /** Format: date-time */
            settled?: string;
            staff: string;
            /** @enum {string} */
            state: "waiting" | "delivered" | "superseded" | "undeliverable";
            /**
             * Format: int64
             * @description -1 where an open alarm was handed over.
             */
            step: number;
        };
        NoticesOutputBody: {
            /** @description Oldest first. */
            notices: components["schemas"]["Notice"][];
        };
        ObservedInputBody: {
            /**
             * @description On the ACVPU scale of NEWS2; confusion that is new.
             * @enum {string}
             */
            consciousness?: "alert" | "confusion" | "voice" | "pain" | "unresponsive";
            /**
             * Format: double
             * @description Inhaled oxygen in litres per minute; 0 is air.
             */
            oxygen_l_min?: number;
        };
        Off: {
            by: string;
            condition: string;
            label: string;
            reason: string;
            /** Format: date-time */
            since: string;
            /** Format: date-time */
            until: string;
            where?: string;
        };
        Offer: {
            alarm: components["schemas"]["Alarm"];
            /**
             * Format: date-time
             * @description When the patient became yours.
             */
            since: string;
        };
        OffersOutputBody: {
            offers: components["schemas"]["Offer"][];
        };
        Patient: {
            /** Format: date-time */
            admitted: string;
            bed: string;
            /** Format: date */
            birth?: string;
            /** @description Devices that are bound to the patient now. */
            devices: string[];
            family: string;
            given: string;
            id: string;
            /** @description Medical record number. */
            mrn: string;
            /** @enum {string} */
            sex: "female" | "male" | "other" | "unknown";
            /** @description Made up. */
            test: boolean;
            unit: string;
        };
        PatientsOutputBody: {
            patients: components["schemas"]["Patient"][];
        };
        PauseInputBody: {
            /** @description Chosen by the sender; repeating it repeats the answer. */
            cmd_id: string;
            /**
             * Format: int64
             * @description Up to 120; 0: the pause is over.
             */
            seconds: number;
            /** @description Where the command comes from. */
            station: string;
        };
        Person: {
            id: string;
            name: string;
            role: string;
        };
        PoliciesOutputBody: {
            in_force: components["schemas"]["PolicyVersion"];
            /** @description What waits for a second person. */
            proposed?: components["schemas"]["PolicyVersion"];
        };
        Policy: {
            /** @description By type and priority: physiological/high. */
            escalations: {
                [key: string]: components["schemas"]["Escalation"];
            };
            /** @description Who is called at the last step where nobody is on its duties. Where they are nobody either, the whole unit is, then the administrators. */
            failsafe: string[];
        };
        PolicyVersion: {
            /** Format: date-time */
            approved_at?: string;
            approved_by?: string;
            /** Format: date-time */
            at: string | null;
            by: string;
            policy: components["schemas"]["Policy"];
            reason: string;
            /**
             * Format: int64
             * @description 0: what holds where nobody has decided anything.
             */
            version: number;
        };
        Post: {
            /** @enum {string} */
            duty: "nurse" | "buddy" | "charge" | "physician" | "technician";
            /**
             * Format: date-time
             * @description It holds until the next one of the same duty begins.
             */
            from: string;
            /** @description Missing for a duty of the whole unit. */
            patient?: string;
            /** @description Missing: nobody. */
            staff?: string;
        };
        PostInputBody: {
            /** @enum {string} */
            duty: "nurse" | "buddy" | "charge" | "physician" | "technician";
            /**
             * Format: date-time
             * @description Missing: now.
             */
            from?: string;
            /** @description Whose nurse or buddy it is. */
            patient?: string;
            /** @description Missing: nobody. */
            staff?: string;
        };
        Problem: {
            /** @description The alarm as it is, where an acknowledgement was refused. */
            alarm?: components["schemas"]["Alarm"];
            /** @description What is wrong, for programs. */
            code?: string;
            /** @description What is wrong, for people. */
            detail?: string;
            /** @description What is wrong with each part of the request. */
            errors?: components["schemas"]["ErrorDetail"][];
            /**
             * Format: int64
             * @description The HTTP status.
             */
            status: number;
            /** @description The HTTP status in words. */
            title: string;
            /**
             * Format: uri-reference
             * @description Kind of problem; about:blank when the status says it all.
             */
            type?: string;
        };
        Proposal: {
            /** Format: date-time */
            approved_at?: string;
            approved_by?: string;
            /** Format: date-time */
            at: string | null;
            by: string;
            /** @description What is otherwise than it would be, by name. */
            changes: {
                [key: string]: number;
            };
            /** @description What it changes, for people. */
            differences: string[];
            id: string;
            reason: string;
            /**
             * Format: int64
             * @description 0: nobody has changed anything.
             */
            version: number;
        };
        ProposePolicyInputBody: {
            policy: components["schemas"]["Policy"];
            reason: string;
        };
        QuarantineOutputBody: {
            /** @description Newest first. */
            refusals: components["schemas"]["Refusal"][];
        };
        ReceiptInputBody: {
            /** @enum {string} */
            receipt: "seen" | "declined";
        };
        Refusal: {
            device?: string;
            /** Format: int32 */
            epoch: number;
            hub: string;
            reason: string;
            /** Format: date-time */
            received: string;
            /** Format: int64 */
            seq: number;
            /**
             * Format: int64
             * @description Bytes that were received.
             */
            size: number;
            /** @description Nothing of the message was charted. */
            whole: boolean;
        };
        RegisteredOutputBody: {
            /** @description The device that is meant where a payload names none. */
            device: string;
            id: string;
            /** @description Shown this once. */
            secret: string;
            webhook: string;
        };
        ReportGroup: {
            /** @description From being raised to the first acknowledgement, by priority; of those that were acknowledged. */
            ack_seconds: {
                [key: string]: components["schemas"]["AckDelays"];
            };
            /**
             * Format: double
             * @description Share that somebody acknowledged.
             */
            acked: number;
            /**
             * Format: double
             * @description Share of these that something had to be done about; null where nobody has said anything.
             */
            actionable: number | null;
            /**
             * Format: int64
             * @description How often one asked for attention again: re-alarmed, recurred or worsened.
             */
            again: number;
            /**
             * Format: double
             * @description That patients were under care; of a condition, all of them.
             */
            bed_days: number;
            /**
             * Format: int64
             * @description How often a condition was over before its delay was, so that nobody was told. The audit hears of them by the hour.
             */
            dropped_by_delay: number;
            /**
             * Format: int64
             * @description Alarms that came to step 2 of their escalation, or further: neither the nurse nor the buddy took them.
             */
            escalated: number;
            key: string;
            /**
             * Format: int64
             * @description Calls to people.
             */
            notifications: number;
            /**
             * Format: int64
             * @description Without what is for information only.
             */
            raised: number;
            /** @description What alarms turned out to be, as those said who acknowledged them. */
            reasons: {
                [key: string]: number;
            };
            /**
             * Format: double
             * @description Share that was over before anybody did.
             */
            self_cleared: number;
            /**
             * Format: double
             * @description In which no station of a unit could be heard; by unit and shift.
             */
            silent_minutes: number;
            /**
             * Format: int64
             * @description At one station at least.
             */
            sounded: number;
        };
        ReportOutputBody: {
            groups: components["schemas"]["ReportGroup"][];
            /**
             * Format: int64
             * @description Who had any alarm.
             */
            patients: number;
            /** @description What a ward should keep to, and what it does. */
            targets: components["schemas"]["Target"][];
            /**
             * Format: double
             * @description Share of the alarms that came from the tenth of these patients with the most.
             */
            top_share: number;
            total: components["schemas"]["ReportGroup"];
        };
        RosterOutputBody: {
            /**
             * Format: date-time
             * @description Server time, by which a post holds or is planned.
             */
            at: string;
            /** @description Who can be put on a duty of the unit. */
            people: components["schemas"]["Person"][];
            /** @description Those that hold, and those that are planned. */
            posts: components["schemas"]["Post"][];
        };
        SecretOutputBody: {
            id: string;
            /** @description Shown this once. */
            secret: string;
        };
        SeenAlarm: {
            /** @description Chosen by the sender; repeating it repeats the answer. */
            cmd_id: string;
            /** @enum {string} */
            seen_priority: "high" | "medium" | "low" | "info";
            /**
             * Format: int64
             * @description Version of the alarm that was on the screen.
             */
            seen_version: number;
            /** @description Where the command comes from. */
            station: string;
        };
        SeenVersion: {
            alarm: string;
            /** Format: int64 */
            version: number;
        };
        Sent: {
            /** @description Chosen by the sender; repeating it repeats the answer. */
            cmd_id: string;
            /** @description Where the command comes from. */
            station: string;
        };
        SessionOutputBody: {
            staff: components["schemas"]["Staff"];
        };
        Setting: {
            condition: string;
            /**
             * Format: double
             * @description For adults.
             */
            default: number;
            /**
             * Format: double
             * @description The most that a nurse may choose.
             */
            envelope_high: number;
            /**
             * Format: double
             * @description The least that a nurse may choose.
             */
            envelope_low: number;
            /** @description Where the default comes from. */
            evidence: string;
            /**
             * Format: double
             * @description The most that it can be.
             */
            high: number;
            /**
             * Format: double
             * @description The least that it can be.
             */
            low: number;
            name: string;
            /**
             * @description Whose value it is.
             * @enum {string}
             */
            source: "default" | "unit" | "patient";
            /** @description For people. */
            title: string;
            unit: string;
            /**
             * Format: double
             * @description What holds in the unit.
             */
            unit_value: number;
            /**
             * Format: double
             * @description In force.
             */
            value: number;
        };
        SimulateInputBody: {
            /** @description All that would be otherwise than in the unit, by name, as for change-limits. */
            changes: {
                [key: string]: number;
            };
            /**
             * Format: int64
             * @description How far back.
             * @default 24
             */
            hours: number;
        };
        SimulateOutputBody: {
            /** @description Episodes that only the other limits would have told. */
            added: components["schemas"]["Episode"][];
            /**
             * Format: int64
             * @description Alarms by the other ones.
             */
            after: number;
            /**
             * Format: int64
             * @description Alarms by the limits in force.
             */
            before: number;
            counts: components["schemas"]["AlarmCount"][];
            /** Format: date-time */
            from: string;
            /** @description Episodes of which the other limits would have told nothing. */
            missed: components["schemas"]["Episode"][];
            /**
             * Format: int64
             * @description How many values were played.
             */
            readings: number;
            /** Format: date-time */
            to: string;
        };
        SnoozeInputBody: {
            /** @description Chosen by the sender; repeating it repeats the answer. */
            cmd_id: string;
            /**
             * Format: int64
             * @description 0: until the next reading.
             * @enum {integer}
             */
            seconds: 0 | 900 | 3600;
            /** @enum {string} */
            seen_priority: "high" | "medium" | "low" | "info";
            /**
             * Format: int64
             * @description Version of the alarm that was on the screen.
             */
            seen_version: number;
            /** @description Where the command comes from. */
            station: string;
        };
        Staff: {
            /** @description May not sign in. */
            disabled?: boolean;
            id: string;
            login: string;
            name: string;
            /** @enum {string} */
            role: "viewer" | "nurse" | "charge" | "physician" | "technician" | "admin";
            /** @description The units that the person sees. */
            units: components["schemas"]["Unit"][];
        };
        StaffChangeInputBody: {
            /** @description May not sign in. */
            disabled?: boolean;
            name?: string;
            /** @description At least 15 characters. */
            password?: string;
            /** @enum {string} */
            role?: "viewer" | "nurse" | "charge" | "physician" | "technician" | "admin";
            units?: string[];
        };
        StaffInputBody: {
            login: string;
            name: string;
            /** @description At least 15 characters. */
            password: string;
            /** @enum {string} */
            role: "viewer" | "nurse" | "charge" | "physician" | "technician" | "admin";
            units: string[];
        };
        StaffListOutputBody: {
            staff: components["schemas"]["Staff"][];
        };
        StandbyInputBody: {
            /** @description Chosen by the sender; repeating it repeats the answer. */
            cmd_id: string;
            /**
             * Format: int64
             * @description Up to 3600.
             */
            seconds: number;
            /** @description Where the command comes from. */
            station: string;
            /** @description Where the patient is. */
            where: string;
        };
        Step: {
            /**
             * Format: int64
             * @description Seconds since the alarm asked for somebody.
             */
            after_s: number;
            /** @description nurse, buddy, charge, physician, technician, unit, stations, worklist */
            call: string[];
        };
        SupportInputBody: {
            /** @description Date until which the maker supports it, 2031-12-31; empty where that is not known. */
            until: string;
        };
        Target: {
            /** Format: double */
            at_most: number;
            /**
             * Format: double
             * @description null where there is nothing to judge by.
             */
            is: number | null;
            met: boolean | null;
            /** @enum {string} */
            name: "notifications_per_bed_day" | "high_ack_p50_seconds" | "high_ack_p95_seconds" | "last_step_per_week";
        };
        Unit: {
            id: string;
            name: string;
            /**
             * @description IANA time zone in which the unit's clocks are shown.
             * @example Europe/Vienna
             */
            zone: string;
        };
        UnitLimitsOutputBody: {
            /** Format: date-time */
            approved_at?: string;
            approved_by?: string;
            /** Format: date-time */
            at: string | null;
            by: string;
            /** @description What is otherwise than it would be, by name. */
            changes: {
                [key: string]: number;
            };
            /** @description What waits for a second person. */
            proposal?: components["schemas"]["Proposal"];
            reason: string;
            /** @description What holds in the unit. */
            settings: components["schemas"]["Setting"][];
            /**
             * Format: int64
             * @description 0: nobody has changed anything.
             */
            version: number;
        };
        UnitsOutputBody: {
            units: components["schemas"]["Unit"][];
        };
        Wanted: {
            device: string;
            pair?: boolean;
            /** @description Profiles: hr, pmd, plx, plx-spot, bp, thermometer, scale and what else the hub's version knows. */
            read: string[];
        };
        WantedLimits: {
            /** @description All that is to be otherwise than it would be, by name; what is not named follows what lies below. */
            changes: {
                [key: string]: number;
            };
            /** @description Needed beyond what a nurse may choose. */
            reason?: string;
            /**
             * Format: int64
             * @description The version that was on the screen.
             */
            seen_version: number;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    "list-alarms": {
        parameters: {
            query?: {
                /** @description Only this unit. */
                unit?: string;
                /** @description Only this patient. */
                patient?: string;
                state?: "open" | "closed" | "all";
                /** @description Only those that this alarm explains, as an outage of the site does what is missing of its patients; none: only those that no other one explains. */
                suppressed_by?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlarmsOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "accept-alarm": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "acknowledge-alarm": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AcknowledgeInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlarmOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "get-evidence": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EvidenceOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "explain-alarm": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ExplainInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlarmOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "list-notices": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NoticesOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "snooze-alarm": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SnoozeInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlarmOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "unacknowledge-alarm": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SeenAlarm"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlarmOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "list-bindings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BindingsOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "bind-device": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BindInputBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Binding"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "unbind-device": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                device: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "list-campaigns": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CampaignsOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "start-campaign": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CampaignInputBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Campaign"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "change-campaign": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CampaignChangeBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Campaign"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "list-conditions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConditionsOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "list-devices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DevicesOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "enrol-device": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeviceInputBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Device"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "support-device": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                device: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SupportInputBody"];
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "list-gateways": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GatewaysOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "register-gateway": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GatewayInputBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RegisteredOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "remove-gateway": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "save-account": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AccountInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Account"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "remove-account": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "name-device": {
        parameters: {
            query?: {
                /** @description How the gateway or cloud names the device; empty for the sender itself. */
                key?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeviceOfOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "rotate-gateway-secret": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RegisteredOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "list-hubs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HubsOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "enrol-hub": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["HubInputBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SecretOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "get-hub": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HubDetail"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "command-hub": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CommandInputBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Command"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "configure-hub": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DesiredInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HubDetail"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "rotate-hub-secret": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SecretOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    login: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LoginInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Set-Cookie"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    logout: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    "Set-Cookie"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MeOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "list-contacts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContactsOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "add-contact": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ContactInputBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Contact"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "remove-contact": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "test-contact": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "get-notice": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MyNoticeOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "save-receipt": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReceiptInputBody"];
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "list-offers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OffersOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "list-patients": {
        parameters: {
            query?: {
                /** @description Only this unit. */
                unit?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PatientsOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "admit-patient": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AdmitInputBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Patient"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "acknowledge-low": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AckLowInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EachOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "switch-alarm-off": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AlarmOffInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CareOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "switch-alarm-on": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AlarmOnInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CareOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "pause-audio": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PauseInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CareOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "list-calls": {
        parameters: {
            query?: {
                type?: "physiological" | "technical";
                priority?: "high" | "medium" | "low";
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CallsOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "discharge-patient": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "get-limits": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LimitsOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "change-limits": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WantedLimits"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LimitsOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "simulate-limits": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SimulateInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SimulateOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "list-limits": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LimitsVersionsOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "observe-patient": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ObservedInputBody"];
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "end-standby": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Sent"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CareOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "begin-standby": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StandbyInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CareOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "list-quarantine": {
        parameters: {
            query?: {
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QuarantineOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "report-alarms": {
        parameters: {
            query: {
                /** @description Raised at that time or later. */
                from: string;
                /** @description Raised before; at most 92 days later. */
                to: string;
                /** @description Only this unit. */
                unit?: string;
                /** @description A shift is early from 6:00, late from 14:00, night from 22:00 by the unit's clock, and named by the day on which it began. */
                by?: "bed" | "unit" | "shift" | "condition" | "patient";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReportOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "list-staff": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StaffListOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "add-staff": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StaffInputBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Staff"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "change-staff": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StaffChangeInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Staff"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "list-units": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnitsOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "save-unit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Unit"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Unit"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "get-escalation": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PoliciesOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "propose-escalation": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProposePolicyInputBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PolicyVersion"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "approve-escalation": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                version: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "get-unit-limits": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnitLimitsOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "approve-unit-limits": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DecideInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnitLimitsOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "propose-unit-limits": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WantedLimits"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnitLimitsOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "withdraw-unit-limits": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DecideInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnitLimitsOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "save-post": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PostInputBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Post"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "get-roster": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RosterOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
