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

        Er hilft einmal, und eine Stunde lang.
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
