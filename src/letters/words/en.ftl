# Words of mails, in English. A message is named after its kind: mail.portal_link is portal-link.
# Value: the subject. Attributes: .body (paragraphs are parted by an empty line), .button, .note.

greeting = Hello { $name },
greeting-unknown = Hello,
unsubscribe = Stop these mails

invitation = { $organization } invites you to its client portal
    .body =
        { $inviter } of { $organization } invites you to the client portal of { $company }.
        There you follow the work that is done for you, and find its files and messages.

        The invitation is good until { $until }.
    .button = Accept the invitation
    .note = The button is meant for you alone. If you did not expect this invitation, you need not do anything.

portal-link = { $organization } shares “{ $portal }” with you
    .body = { $organization } shares “{ $portal }” with you. The button opens it, without signing up, as often as you like.
    .button = Open the portal
    .note = Whoever has this link can open the portal: pass it on with care.

fresh-link = Your fresh link to “{ $portal }”
    .body = Somebody asked for a fresh link to “{ $portal }”, which { $organization } shared with you. Here it is.
    .button = Open the portal
    .note = If you did not ask for it, you need not do anything. Whoever has this link can open the portal.

first-view = “{ $portal }” was opened for the first time
    .body =
        A link of the portal “{ $portal }” was opened for the first time.

        { $recipient ->
            [none] It has no recipient on record.
           *[other] It was made for { $recipient }.
        }

door-bypass = Your way into “{ $portal }”
    .body =
        Too many wrong codes were tried at the door of “{ $portal }”, so it is locked for a while.
        The button opens it for you: there you can enter the access code.

        It helps once, and for a day.
    .button = Enter the access code
    .note = If you did not ask for this mail, you need not do anything. Nobody gets in without the access code.

webhook-parked = A webhook could not be delivered
    .body =
        An event could not be delivered to the webhook endpoint { $endpoint }, and we stopped trying.

        The staff API lists its deliveries (staff.webhookEndpoint), and sends one again (replayWebhookDelivery).
    .note = We write at most once a day about one endpoint.

webhook-gone = A webhook endpoint was switched off
    .body =
        The webhook endpoint { $endpoint } answered that it is gone (410). It was switched off, and nothing more is sent there.

        Staff can switch it on again with updateWebhookEndpoint.

consent = Do you want mails from { $organization }?
    .body =
        Somebody asked, in the client portal of { $organization }, for notifications to this address.
        If that was you, say yes on the page that the button opens. Until then we send nothing.
    .button = Answer
    .note = If it was not you, you need not do anything. The question is good for seven days.

consent-stands = Your notifications from { $organization }
    .body =
        Somebody asked, in the client portal of { $organization }, for notifications to this address.
        It gets them already. Nothing has changed; the button shows what you get, and lets you change or stop it.
    .button = Your notifications

status-news = { $record }: { $step ->
        [PLANNING] being planned
        [SCHEDULED] scheduled
        [IN_PROGRESS] in progress
        [IN_REVIEW] in review
        [DELIVERED] delivered
       *[STAGE] { $text }
    }
    .body =
        “{ $record }” has moved on. { $step ->
            [PLANNING] It is now being planned.
            [SCHEDULED] It is now scheduled.
            [IN_PROGRESS] It is now in progress.
            [IN_REVIEW] It is now in review.
            [DELIVERED] It has been delivered.
            [STAGE] It now stands at “{ $text }”.
           *[STATUS] Its status is now “{ $text }”.
        }
    .button = How to see it
    .note = You get this mail because you asked for news of “{ $portal }”.

replies-news = New message on { $record }
    .body = { $organization } has written to you on “{ $record }”. The message is in the portal.
    .button = How to see it
    .note = You get this mail because you asked for news of “{ $portal }”.

reviews-news = { $record } is ready for your review
    .body = Something on “{ $record }” waits for your word. You find it in the portal.
    .button = How to see it
    .note = You get this mail because you asked for news of “{ $portal }”.

invoices-news = News on your invoices from { $organization }
    .body = There is news on an invoice: “{ $record }”. You find it in the portal.
    .button = How to see it
    .note = You get this mail because you asked for news of “{ $portal }”.

client-message = { $sender } wrote on “{ $record }”
    .body = { $sender } of { $company } wrote a message on “{ $record }”:
    .note = You get this mail because you own or watch the record.

client-feedback = { $sender } gave feedback on “{ $record }”
    .body =
        { $sender } of { $company } gave feedback on “{ $record }”.
        It lies in your inbox as a task:
    .note = You get this mail because you lead the project, or own the record.

client-decision = “{ $record }”: { $verdict ->
        [APPROVED] approved
        [REJECTED] rejected
       *[REVISION_REQUESTED] changes requested
    }
    .body = { $sender } of { $company } { $verdict ->
            [APPROVED] approved “{ $record }”.
            [REJECTED] rejected “{ $record }”.
           *[REVISION_REQUESTED] asks for changes to “{ $record }”.
        }
    .note = You get this mail because you own or watch the record.

member-invitation = { $inviter } invites you to join { $organization }
    .body =
        { $inviter } invites you to work for { $organization } here, as a colleague.

        The invitation is good until { $until }.
    .button = Join
    .note = The button is meant for you alone. If you did not expect this invitation, you need not do anything.

password-reset = Choose a new password
    .body =
        Somebody asked for a new password for your address. The button leads to where you choose it.

        It helps once, and for an hour. Wherever you are signed in, you will be signed out.
    .button = Choose a new password
    .note = If you did not ask for it, you need not do anything: your password stays as it is.

sign-in-link = Your way in
    .body =
        Somebody asked to sign in with your address. Open the button in the browser where you asked; it does not work in another.

        It helps once, and for half an hour.
    .button = Sign in
    .note = If you did not ask for it, you need not do anything. Nobody gets in with this mail but in the browser that asked.

file-uploaded = New file from a client on { $record }
    .body =
        { $sender } sent “{ $file }” on “{ $record }”, through the client portal.

        It lies with the files of the record, and clients see it there too.
