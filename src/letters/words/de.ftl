# Worte der Mails, auf Deutsch. Was hier steht, erklärt en.ftl.

greeting = Guten Tag { $name },
greeting-unknown = Guten Tag,
unsubscribe = Diese Mails abbestellen

invitation = { $organization } lädt Sie ins Kundenportal ein
    .body =
        { $inviter } von { $organization } lädt Sie ins Kundenportal von { $company } ein.
        Dort verfolgen Sie die Arbeit, die für Sie getan wird, und finden ihre Dateien und Nachrichten.

        Die Einladung gilt bis zum { $until }.
    .button = Einladung annehmen
    .note = Der Knopf ist nur für Sie bestimmt. Wenn Sie keine Einladung erwartet haben, müssen Sie nichts tun.

portal-link = { $organization } teilt „{ $portal }“ mit Ihnen
    .body = { $organization } teilt „{ $portal }“ mit Ihnen. Der Knopf öffnet das Portal, ohne Anmeldung und so oft Sie möchten.
    .button = Portal öffnen
    .note = Wer diesen Link hat, kann das Portal öffnen: geben Sie ihn mit Bedacht weiter.

fresh-link = Ihr neuer Link zu „{ $portal }“
    .body = Jemand hat um einen neuen Link zu „{ $portal }“ gebeten, das { $organization } mit Ihnen teilt. Hier ist er.
    .button = Portal öffnen
    .note = Wenn Sie nicht darum gebeten haben, müssen Sie nichts tun. Wer diesen Link hat, kann das Portal öffnen.

first-view = „{ $portal }“ wurde zum ersten Mal geöffnet
    .body =
        Ein Link des Portals „{ $portal }“ wurde zum ersten Mal geöffnet.

        { $recipient ->
            [none] Er hat keinen eingetragenen Empfänger.
           *[other] Er wurde für { $recipient } gemacht.
        }

door-bypass = Ihr Weg zu „{ $portal }“
    .body =
        An der Tür von „{ $portal }“ wurden zu viele falsche Codes versucht, darum ist sie eine Weile verschlossen.
        Der Knopf öffnet sie für Sie: dort können Sie den Zugangscode eingeben.

        Er hilft einmal, und einen Tag lang.
    .button = Zugangscode eingeben
    .note = Wenn Sie diese Mail nicht angefordert haben, müssen Sie nichts tun. Ohne den Zugangscode kommt niemand hinein.

webhook-parked = Ein Webhook konnte nicht zugestellt werden
    .body =
        Ein Ereignis konnte dem Webhook-Endpunkt { $endpoint } nicht zugestellt werden; wir versuchen es nicht weiter.

        Die Staff-API zeigt seine Zustellungen (staff.webhookEndpoint) und sendet eine erneut (replayWebhookDelivery).
    .note = Wir schreiben zu einem Endpunkt höchstens einmal am Tag.

webhook-gone = Ein Webhook-Endpunkt wurde abgeschaltet
    .body =
        Der Webhook-Endpunkt { $endpoint } hat geantwortet, dass es ihn nicht mehr gibt (410). Er wurde abgeschaltet; dorthin wird nichts mehr gesendet.

        Das Team kann ihn mit updateWebhookEndpoint wieder einschalten.

consent = Möchten Sie Mails von { $organization }?
    .body =
        Jemand hat im Kundenportal von { $organization } um Benachrichtigungen an diese Adresse gebeten.
        Wenn Sie das waren, sagen Sie Ja auf der Seite, die der Knopf öffnet. Bis dahin schicken wir nichts.
    .button = Antworten
    .note = Wenn Sie es nicht waren, müssen Sie nichts tun. Die Frage gilt sieben Tage.

consent-stands = Ihre Benachrichtigungen von { $organization }
    .body =
        Jemand hat im Kundenportal von { $organization } um Benachrichtigungen an diese Adresse gebeten.
        Sie bekommt sie schon. Es hat sich nichts geändert; der Knopf zeigt, was Sie bekommen, und dort können Sie es ändern oder abbestellen.
    .button = Ihre Benachrichtigungen

status-news = { $record }: { $step ->
        [PLANNING] in Planung
        [SCHEDULED] eingeplant
        [IN_PROGRESS] in Arbeit
        [IN_REVIEW] in Prüfung
        [DELIVERED] geliefert
       *[STAGE] { $text }
    }
    .body =
        „{ $record }“ ist weitergekommen. { $step ->
            [PLANNING] Es ist jetzt in Planung.
            [SCHEDULED] Es ist jetzt eingeplant.
            [IN_PROGRESS] Es ist jetzt in Arbeit.
            [IN_REVIEW] Es ist jetzt in Prüfung.
            [DELIVERED] Es ist geliefert.
            [STAGE] Es steht jetzt bei „{ $text }“.
           *[STATUS] Der Stand ist jetzt „{ $text }“.
        }
    .button = So sehen Sie es
    .note = Sie bekommen diese Mail, weil Sie um Neues zu „{ $portal }“ gebeten haben.

replies-news = Neue Nachricht zu { $record }
    .body = { $organization } hat Ihnen zu „{ $record }“ geschrieben. Die Nachricht steht im Portal.
    .button = So sehen Sie es
    .note = Sie bekommen diese Mail, weil Sie um Neues zu „{ $portal }“ gebeten haben.

reviews-news = { $record } wartet auf Ihr Urteil
    .body = Zu „{ $record }“ wartet etwas auf Ihr Urteil. Sie finden es im Portal.
    .button = So sehen Sie es
    .note = Sie bekommen diese Mail, weil Sie um Neues zu „{ $portal }“ gebeten haben.

invoices-news = Neues zu Ihren Rechnungen von { $organization }
    .body = Es gibt Neues zu einer Rechnung: „{ $record }“. Sie finden es im Portal.
    .button = So sehen Sie es
    .note = Sie bekommen diese Mail, weil Sie um Neues zu „{ $portal }“ gebeten haben.

client-message = { $sender } hat zu „{ $record }“ geschrieben
    .body = { $sender } von { $company } hat eine Nachricht zu „{ $record }“ geschrieben:
    .note = Sie bekommen diese Mail, weil Sie für den Eintrag zuständig sind oder ihn beobachten.

client-feedback = { $sender } hat Rückmeldung zu „{ $record }“ gegeben
    .body =
        { $sender } von { $company } hat Rückmeldung zu „{ $record }“ gegeben.
        Sie liegt als Aufgabe in Ihrem Eingang:
    .note = Sie bekommen diese Mail, weil Sie das Projekt leiten oder für den Eintrag zuständig sind.

client-decision = „{ $record }“: { $verdict ->
        [APPROVED] freigegeben
        [REJECTED] abgelehnt
       *[REVISION_REQUESTED] Änderungen gewünscht
    }
    .body = { $sender } von { $company } { $verdict ->
            [APPROVED] hat „{ $record }“ freigegeben.
            [REJECTED] hat „{ $record }“ abgelehnt.
           *[REVISION_REQUESTED] wünscht Änderungen an „{ $record }“.
        }
    .note = Sie bekommen diese Mail, weil Sie für den Eintrag zuständig sind oder ihn beobachten.

member-invitation = { $inviter } lädt Sie ein, bei { $organization } mitzuarbeiten
    .body =
        { $inviter } lädt Sie ein, hier für { $organization } zu arbeiten.

        Die Einladung gilt bis zum { $until }.
    .button = Mitarbeiten
    .note = Der Knopf ist nur für Sie bestimmt. Wenn Sie keine Einladung erwartet haben, müssen Sie nichts tun.

password-reset = Wählen Sie ein neues Passwort
    .body =
        Jemand hat um ein neues Passwort für Ihre Adresse gebeten. Der Knopf führt dorthin, wo Sie es wählen.

        Er hilft einmal, und eine Stunde lang. Wo immer Sie angemeldet sind, werden Sie abgemeldet.
    .button = Neues Passwort wählen
    .note = Wenn Sie nicht darum gebeten haben, müssen Sie nichts tun: Ihr Passwort bleibt, wie es ist.

sign-in-link = Ihr Weg hinein
    .body =
        Jemand möchte sich mit Ihrer Adresse anmelden. Öffnen Sie den Knopf in dem Browser, in dem Sie gefragt haben; in einem anderen hilft er nicht.

        Er hilft einmal, und eine halbe Stunde lang.
    .button = Anmelden
    .note = Wenn Sie nicht darum gebeten haben, müssen Sie nichts tun. Mit dieser Mail kommt niemand hinein, außer im Browser, der gefragt hat.

file-uploaded = Neue Datei eines Kunden zu { $record }
    .body =
        { $sender } hat im Kundenportal „{ $file }“ zu „{ $record }“ geschickt.

        Sie liegt bei den Dateien des Vorgangs, und Kunden sehen sie dort auch.
