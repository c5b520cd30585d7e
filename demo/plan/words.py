"""Names and sentences of the town, from which chance chooses."""

from core.vocabulary import Mood

FEMALE = (
    "Ada", "Aisha", "Amara", "Anna", "Beatriz", "Bella", "Camille", "Carla", "Chloe", "Clara", "Dana",
    "Elena", "Elif", "Emma", "Eva", "Fatima", "Freya", "Gia", "Grace", "Hana", "Helen", "Ines", "Ivy",
    "Jana", "Julia", "Kaya", "Lea", "Leila", "Lena", "Lina", "Lucy", "Mara", "Maria", "Mei", "Mila",
    "Mina", "Nadia", "Nina", "Nora", "Olga", "Paula", "Priya", "Rosa", "Ruth", "Sara", "Selma", "Sofia",
    "Tara", "Vera", "Yara", "Zoe",
)  # fmt: skip
MALE = (
    "Adam", "Ahmed", "Alex", "Amir", "Anton", "Ben", "Bruno", "Carlos", "Dan", "David", "Diego",
    "Elias", "Emil", "Erik", "Felix", "Finn", "Gabriel", "Hugo", "Ian", "Ivan", "Jack", "Jakob",
    "James", "Jan", "Jonas", "Karim", "Kofi", "Leo", "Liam", "Luca", "Luis", "Malik", "Marco", "Mateo",
    "Max", "Milan", "Mo", "Nico", "Noah", "Oscar", "Omar", "Paul", "Pedro", "Rafael", "Ravi", "Sam",
    "Sven", "Tariq", "Tom", "Victor", "Yusuf",
)  # fmt: skip
OTHER = ("Ari", "Charlie", "Jules", "Kim", "Robin", "Sasha", "Sky", "Toni")

INTERESTS = (
    "climbing", "slow coffee", "long walks", "board games", "baking bread", "film photography", "running",
    "choir", "gardening", "cycling", "old maps", "yoga", "sea swimming", "chess", "jazz", "pottery",
    "reading", "street food", "sketching", "rowing", "birdwatching", "languages", "tiny museums",
    "dancing badly",
)  # fmt: skip
BIOS = (
    "Into {0}, {1} and {2}.",
    "New here. {0} in the morning, {1} at night, {2} at weekends.",
    "Ask me about {0}. Or {1}. Never about Mondays. Also: {2}.",
    "Trying to leave the house more: {0} helps, and so do {1} and {2}.",
    "Quiet at first, then all {0} and {1}. Learning {2}.",
)
VALUES = (
    ("character", "Honesty"), ("character", "Kindness"), ("character", "Patience"), ("character", "Humour"),
    ("life", "Family"), ("life", "Freedom"), ("life", "Adventure"), ("life", "Calm"), ("life", "Health"),
    ("world", "Nature"), ("world", "Fairness"), ("world", "Curiosity"), ("world", "Art"), ("world", "Faith"),
)  # fmt: skip

CAPTIONS = (
    "First time I stayed the whole hour.",
    "The light here at eight is something else.",
    "Coffee, a book, nobody in a hurry.",
    "Small win: I said hello first.",
    "Back again. It gets easier.",
    "Found this corner by accident.",
    "Rain outside, soup inside.",
    "Week two. My legs disagree.",
    "Somebody left flowers on every table.",
    "Sunday, slowly.",
    "A walk that was meant to be ten minutes.",
    "Thanks to whoever suggested this place.",
    "Today I only watched. That counts, too.",
    "New shoes, old route.",
    "Quiet hour is real and it is lovely.",
)
COMMENTS = (
    "This looks so calm.",
    "Proud of you!",
    "Where is that?",
    "I go there on Tuesdays, join me?",
    "The colours!",
    "Same here today.",
    "That corner table is the best one.",
    "Needed to see this.",
    "Save me a seat.",
    "How long did it take you?",
)
REPLIES = ("Any time!", "Thank you.", "Next week?", "Just behind the park.", "Ha, yes.", "You should come.")
REVIEWS = (
    (5, "Calm and friendly", "Nobody stares, and somebody shows you around if you ask."),
    (5, "My second home", "I have come every week since the first time."),
    (4, "Good for a first time", "A little busy after six, lovely before noon."),
    (4, "Quiet corners", "Plenty of seats where you can be by yourself."),
    (4, "Kind staff", "They remembered my name the second time."),
    (3, "All right", "Nice people, small room."),
    (2, "Too loud for me", "I may try again on a weekday."),
)
NOTES = ("", "", "", "Stayed longer than planned.", "Short one today.", "Came with a friend.", "Felt easier.")
MOODS: tuple[Mood, ...] = ("calm", "calm", "motivated", "motivated", "neutral", "anxious")

TALK = (
    ("That was a nice call.", "It was! I had been nervous.", "Me too. You did not sound like it.",
     "Same time on Thursday?", "Thursday it is."),
    ("Did you find the café?", "I did, just behind the station.", "And?", "Best cardamom bun so far."),
    ("How was the climbing?", "My arms have left me.", "Did you get to the top?", "Twice. Then I slept."),
    ("I tried your bread.", "And?", "It is a brick. A tasty brick.", "More water, longer rest."),
    ("Still up for the walk on Sunday?", "Yes! Eleven at the bridge?", "Perfect. I bring tea."),
    ("Good luck today!", "Thank you. I am already at the door.", "You have this.", "I went in!"),
)  # fmt: skip
REMARKS = (
    "Nice to meet you!",
    "I have just come in from a walk. You?",
    "That sounds good. Tell me more.",
    "Ha, same here.",
    "I go to the Peaceful Grounds Café most mornings.",
    "I am a bot of the town, by the way, and do not understand much. I am good company all the same.",
    "What is the best thing that you saw today?",
)
